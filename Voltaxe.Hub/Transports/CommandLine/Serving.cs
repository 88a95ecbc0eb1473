using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Voltaxe.Hub.Transports.CommandLine;

/// <summary>Runs the hub until it is told to stop.</summary>
public static class Serving
{
    public static Task<int> RunAsync(string? urls, string[] settings, CancellationToken ct) => ExitCodes.GuardAsync(async () =>
    {
        string[] args = urls is null ? settings : [.. settings, "--urls=" + urls];
        var started = false;
        // What fails before it serves is said once, in one line, by the guard; the host would log it with all its frames.
        await using var app = HubApplication.Build(args, builder => builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => started && level >= LogLevel.Information));
        await app.PrepareAsync(ct);
        try
        {
            await StartAsync(app, ct);
        }
        catch (Exception e) when (e.InnerException is AddressInUseException)
        {
            throw new HubStartException(StartFault.Failed, e.Message, e); // Names the address.
        }
        catch (SocketException e)
        {
            throw new HubStartException(StartFault.Failed, $"Cannot listen on {app.Configuration["urls"] ?? "the addresses of Kestrel:Endpoints"}: {e.Message}", e);
        }
        started = true;
        await app.WaitForShutdownAsync(ct);
        return ExitCodes.Done;
    });

    private static async Task StartAsync(WebApplication app, CancellationToken ct)
    {
        try
        {
            await app.StartAsync(ct);
        }
        catch
        {
            // What runs in the background already must end before what it works with is taken away.
            await app.StopAsync(CancellationToken.None);
            throw;
        }
    }
}
