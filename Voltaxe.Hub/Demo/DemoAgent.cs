using System.Diagnostics;

namespace Voltaxe.Hub.Demo;

/// <summary>One real agent process of the demo, and beside it a canary probe: something that it can reach until it is isolated.</summary>
public sealed class DemoAgent(string name, string state, string program, DemoNetwork? network, string hubUrl, string? canary, TextWriter say) : IDisposable
{
    private readonly List<Process> processes = [];

    public string Name => name;

    public async Task StartAsync(string enrolmentToken, CancellationToken ct)
    {
        var (code, output) = await DemoPrograms.RunAsync(Inside("dotnet", program, "enroll", "--hub", hubUrl, "--token", enrolmentToken, "--name", name, "--state", state), ct);
        if (code != 0)
            throw new InvalidOperationException($"{name} could not enrol: {output.Trim()}");
        string[] dry = network is null ? ["--dry-run"] : [];
        Keep(DemoPrograms.Start(Inside(["dotnet", program, "run", "--state", state, .. dry])), Path.Combine(state, "agent.log"));
        if (network is not null && canary is not null)
            Probe(canary);
    }

    public void Dispose()
    {
        foreach (var process in processes)
        {
            try
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit(5000);
            }
            catch (InvalidOperationException)
            {
                // It has ended by itself.
            }
            process.Dispose();
        }
    }

    private IReadOnlyList<string> Inside(params string[] command) => network?.Enter(command) ?? command;

    /// <summary>Its output goes to a file in its state folder; nobody has to read a pipe.</summary>
    private void Keep(Process process, string log)
    {
        processes.Add(process);
        _ = CopyAsync(process.StandardOutput, log);
        _ = CopyAsync(process.StandardError, log + ".err");

        static async Task CopyAsync(StreamReader from, string to)
        {
            await using var file = new StreamWriter(to);
            while (await from.ReadLineAsync() is { } line)
            {
                await file.WriteLineAsync(line);
                await file.FlushAsync();
            }
        }
    }

    /// <summary>Tries once a second to open a connection from inside, and says whenever that changes.</summary>
    private void Probe(string address)
    {
        var parts = address.Split(':');
        var script = $"while :; do if timeout 1 bash -c '</dev/tcp/{parts[0]}/{parts[1]}' 2>/dev/null; then echo up; else echo down; fi; sleep 1; done";
        var process = DemoPrograms.Start(Inside("bash", "-c", script));
        processes.Add(process);
        _ = WatchAsync();

        async Task WatchAsync()
        {
            string? last = null;
            while (await process.StandardOutput.ReadLineAsync() is { } now)
            {
                if (now == last)
                    continue;
                last = now;
                await say.WriteLineAsync(now == "up"
                    ? $"  canary: {name} reaches tcp://{address}"
                    : $"  canary: {name} does NOT reach tcp://{address} any more");
            }
        }
    }
}
