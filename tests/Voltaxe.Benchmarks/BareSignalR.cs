using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Benchmarks;

/// <summary>What the same machine takes, in the same run, for a question and an answer over SignalR alone: no queue, no disk, no second process.</summary>
public static class BareSignalR
{
    private const int WarmUp = 2000, Counted = 5000;

    /// <summary>The median round trip in milliseconds.</summary>
    public static async Task<double> RoundTripAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        builder.Services.AddSignalR();
        await using var app = builder.Build();
        app.MapHub<Echo>(AgentRoutes.Hub);
        await app.StartAsync();
        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        await using var socket = await SignalRSocket.OpenAsync(await SignalRSocket.ClientTo(address)("nobody"), (_, _) => { });
        var times = new List<double>(Counted);
        for (var i = 0; i < WarmUp + Counted; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await socket.InvokeAsync(nameof(Echo.Say), "hello");
            if (i >= WarmUp)
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        times.Sort();
        return times[Counted / 2];
    }

    public sealed class Echo : Microsoft.AspNetCore.SignalR.Hub
    {
        public string Say(string text) => text;
    }
}
