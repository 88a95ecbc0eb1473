namespace Voltaxe.Hub.Transports.CommandLine;

/// <summary>Runs the hub until it is told to stop.</summary>
public static class Serving
{
    public static Task<int> RunAsync(string? urls, string[] settings, CancellationToken ct) => ExitCodes.GuardAsync(async () =>
    {
        string[] args = urls is null ? settings : [.. settings, "--urls=" + urls];
        await using var app = HubApplication.Build(args);
        await app.StartAsync(ct);
        await app.WaitForShutdownAsync(ct);
        return ExitCodes.Done;
    });
}
