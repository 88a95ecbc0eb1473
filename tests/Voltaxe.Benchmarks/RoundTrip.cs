using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.Benchmarks;

/// <summary>
/// Row 1: accepted command → recorded result, a real agent process on a socket, everything fsynced on both sides. The action is the kill of a
/// process that there is not: all of the way, and nothing at its end. The agent has not the right to touch this machine's network.
/// </summary>
public static class RoundTrip
{
    private const int WarmUp = 1000, Counted = 1000;
    private const int NoProcess = 4_194_304; // Linux numbers them below.

    public static async Task<IReadOnlyList<string>> MeasureAsync()
    {
        await using var hub = await BenchHub.StartAsync();
        var agentProgram = Path.Combine(AppContext.BaseDirectory, "agent", "Voltaxe.Agent.dll");
        var state = hub.Folder.Folder("agent");
        await RunAsync(["dotnet", agentProgram, "enroll", "--hub", hub.Url.ToString(), "--token", await hub.EnrolmentTokenAsync(), "--name", "bench-1", "--state", state]);
        // What it logs goes to a file: whoever read it here would take the processor from the hub.
        var log = hub.Folder.File("agent.log");
        using var agent = Process.Start(new ProcessStartInfo("sh",
            ["-c", "exec \"$@\" >\"$LOG\" 2>&1", "sh", "setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", "dotnet", agentProgram, "run", "--state", state])
        { Environment = { ["LOG"] = log } })!;
        try
        {
            using var http = new HttpClient { BaseAddress = hub.Url };
            http.DefaultRequestHeaders.Authorization = new("Bearer", await hub.OperatorTokenAsync());
            if (!await IsLiveAsync(http))
                throw new InvalidOperationException("the agent did not come:\n" + await File.ReadAllTextAsync(log));
            var ended = new ConcurrentDictionary<long, TaskCompletionSource<long>>();
            var store = hub.App.Services.GetRequiredService<HubStore>();
            hub.App.Services.GetRequiredService<CommitBell>().Rung += committed =>
            {
                var at = Stopwatch.GetTimestamp();
                foreach (var id in committed.Ended)
                    ended.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult(at);
            };
            var times = new List<double>();
            for (var i = 0; i < WarmUp + Counted; i++)
            {
                var order = JsonContent.Create(new { command = "kill_process", hosts = new[] { "bench-1" }, reason = "benchmark", @params = new { pid = NoProcess, name = "nothing" } });
                using var response = await http.PostAsync("/api/v1/commands", order);
                var accepted = Stopwatch.GetTimestamp();
                response.EnsureSuccessStatusCode();
                var id = JsonSerializer.Deserialize(await response.Content.ReadAsStreamAsync(), WireJson.Default.QueuedCommands)!.Commands[0].Id;
                var at = await ended.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task.Within();
                if (i >= WarmUp)
                    times.Add(Math.Max(0, Stopwatch.GetElapsedTime(accepted, at).TotalMilliseconds));
            }
            times.Sort();
            var (p50, p95, p99) = (times[times.Count / 2], times[times.Count * 95 / 100], times[times.Count * 99 / 100]);
            var bare = await BareSignalR.RoundTripAsync();
            var disk = await BareDisk.SixSyncsAsync(TimeSpan.FromMilliseconds(p50));
            return
            [
                $"accepted → recorded, p50 | {p50:0.00} ms | bare SignalR round trip {bare:0.00} ms | {p50 / bare:0.0}",
                $"accepted → recorded, p50 | {p50:0.00} ms | its six syncs of the disk alone {disk:0.00} ms | {p50 / disk:0.0}",
                $"accepted → recorded, p50 | {p50:0.00} ms | goal 3 ms | {p50 / 3:0.00}",
                $"accepted → recorded, p95 | {p95:0.00} ms | goal of the p99, 15 ms | {p95 / 15:0.00}",
                $"accepted → recorded, p99 | {p99:0.00} ms | goal 15 ms | {p99 / 15:0.00}",
            ];
        }
        finally
        {
            agent.Kill(entireProcessTree: true);
        }
    }

    private static async Task<bool> IsLiveAsync(HttpClient http)
    {
        try
        {
            await Eventually.TrueAsync(async () => (await http.GetFromJsonAsync("/api/v1/agents/bench-1", WireJson.Default.AgentView))!.Presence == Presence.Live);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static async Task RunAsync(string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]))!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}");
    }
}
