using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Voltaxe.Testing.Processes;

/// <summary>What to start. <see cref="Environment"/> is added to this process's own; null removes a variable.</summary>
public sealed record ChildStart(string Program, IReadOnlyList<string> Arguments)
{
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();
    public string? WorkingDirectory { get; init; }

    /// <summary>A .NET program by its dll, with the host that runs this test.</summary>
    public static ChildStart DotNet(string dll, params string[] arguments) =>
        File.Exists(dll)
            ? new ChildStart(DotNetHost, [dll, .. arguments])
            : throw new FileNotFoundException("This program is not built.", dll);

    /// <summary>The same, inside other programs: <c>ip netns exec NAME …</c>, <c>strace …</c>.</summary>
    public ChildStart Under(string program, params string[] arguments) =>
        this with { Program = program, Arguments = [.. arguments, Machine.Find(Program) ?? Program, .. Arguments] };

    /// <summary>The same under strace. <paramref name="injection"/> is strace's own language: <c>fdatasync:signal=KILL:when=3</c>, <c>fsync:error=EIO:when=1+</c>.</summary>
    public ChildStart WithFault(string injection, string traceFile) =>
        // Only what is named stops under the filter, which keeps the rest fast; a signal is not delivered that way.
        Under("strace", [.. injection.Contains(":signal=", StringComparison.Ordinal) ? Array.Empty<string>() : ["--seccomp-bpf"],
            "-f", "-qq", "-o", traceFile, "-e", "trace=" + injection[..injection.IndexOf(':', StringComparison.Ordinal)], "-e", "inject=" + injection]);

    public ChildStart With(string variable, string? value) =>
        this with { Environment = new Dictionary<string, string?>(Environment) { [variable] = value } };

    private static string DotNetHost =>
        System.Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host
        : Path.GetFileNameWithoutExtension(System.Environment.ProcessPath) == "dotnet" ? System.Environment.ProcessPath!
        : "dotnet";
}

/// <summary>
/// A real process of the product or beside it. Its words are kept and come out in every failure; it never outlives the test,
/// nor does what it started.
/// </summary>
public sealed partial class ChildProcess : IAsyncDisposable
{
    private const int Sigint = 2, Sigterm = 15, Sigkill = 9, Sigstop = 19, Sigcont = 18;
    private readonly Process process;
    private readonly IDisposable will;
    private readonly Task reading;
    private readonly ChildOutput output = new();

    private ChildProcess(Process process, string name)
    {
        this.process = process;
        Name = name;
        Id = process.Id;
        will = LastWill.Add($"kill -9 -- -{Id}");
        reading = Task.WhenAll(ReadAsync(process.StandardOutput, isError: false), ReadAsync(process.StandardError, isError: true));
    }

    public string Name { get; }
    public int Id { get; }
    public bool HasExited => process.HasExited;
    public int ExitCode => process.ExitCode;

    /// <summary>Everything said so far, both streams in order of arrival.</summary>
    public string Output => output.ToString();
    public IReadOnlyList<string> StandardOutput => output.Lines(error: false);
    public IReadOnlyList<string> StandardError => output.Lines(error: true);

    public static ChildProcess Start(ChildStart what, string? name = null)
    {
        // setsid execs in place: the process leads a group of its own, so that one signal reaches all that it starts.
        var own = OperatingSystem.IsLinux() ? what.Under("setsid") : what;
        var start = new ProcessStartInfo(Machine.Find(own.Program) ?? own.Program, own.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = what.WorkingDirectory ?? "",
        };
        foreach (var (variable, value) in what.Environment)
            start.Environment[variable] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{what.Program} did not start");
        process.StandardInput.Close();
        // Until setsid has run there is no group to signal.
        if (!SpinWait.SpinUntil(() => process.HasExited || LeadsItsGroup(process.Id), Eventually.Patience))
            throw new TimeoutException($"{what.Program} did not get a process group of its own");
        return new ChildProcess(process, name ?? Path.GetFileNameWithoutExtension(what.Arguments.FirstOrDefault(a => a.EndsWith(".dll", StringComparison.Ordinal)) ?? what.Program));
    }

    /// <summary>The first line, said already or to come, that fits; fails at once when the process has ended without saying it.</summary>
    public async Task<Match> WaitForLineAsync(Regex pattern, TimeSpan? within = null)
    {
        var limit = within ?? Eventually.Patience;
        using var patience = new CancellationTokenSource(limit);
        try
        {
            return await output.FirstAsync(pattern, patience.Token) ?? throw Failure($"ended with {await ExitAsync()} without saying /{pattern}/");
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw Failure($"did not say /{pattern}/ within {limit.TotalSeconds:0.#} s");
        }
    }

    /// <summary>Waits for the end and gives the exit code (128 + n for signal n).</summary>
    public async Task<int> ExitAsync(TimeSpan? within = null)
    {
        var limit = within ?? Eventually.Patience;
        try
        {
            await process.WaitForExitAsync().WaitAsync(limit);
            await reading.WaitAsync(limit);
            return process.ExitCode;
        }
        catch (TimeoutException)
        {
            throw Failure($"did not end within {limit.TotalSeconds:0.#} s");
        }
    }

    /// <summary>SIGKILL to the process and all that it started: what a power cut looks like to them.</summary>
    public async Task KillAsync()
    {
        Signal(Sigkill, wholeGroup: true);
        await ExitAsync();
    }

    /// <summary>SIGINT to the process alone, as Ctrl+C does; gives the exit code.</summary>
    public async Task<int> InterruptAsync(TimeSpan? within = null)
    {
        Signal(Sigint, wholeGroup: false);
        return await ExitAsync(within);
    }

    /// <summary>SIGTERM, as systemd does; gives the exit code.</summary>
    public async Task<int> StopAsync(TimeSpan? within = null)
    {
        Signal(Sigterm, wholeGroup: false);
        return await ExitAsync(within);
    }

    /// <summary>Freezes it: alive, connected and silent.</summary>
    public void Freeze() => Signal(Sigstop, wholeGroup: true);

    public void Thaw() => Signal(Sigcont, wholeGroup: true);

    public InvalidOperationException Failure(string why) =>
        new($"{Name} (pid {Id}) {why}. It said:\n{Output}");

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        Signal(Sigkill, wholeGroup: true);
        await process.WaitForExitAsync().WaitAsync(Eventually.Patience);
        will.Dispose();
        process.Dispose();
    }

    private void Signal(int signal, bool wholeGroup)
    {
        if (!OperatingSystem.IsLinux())
            process.Kill(entireProcessTree: wholeGroup);
        // The group outlives its leader while anything in it lives, so its number is not used again meanwhile.
        else if (wholeGroup || !process.HasExited)
            _ = SendSignal(wholeGroup ? -Id : Id, signal);
    }

    /// <summary>The fifth field of /proc/PID/stat; the second, in brackets, may hold anything.</summary>
    private static bool LeadsItsGroup(int pid)
    {
        if (!OperatingSystem.IsLinux())
            return true;
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[2] == pid.ToString(CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task ReadAsync(StreamReader from, bool isError)
    {
        while (await from.ReadLineAsync() is { } line)
            output.Add(line, isError);
        output.Ended();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);
}
