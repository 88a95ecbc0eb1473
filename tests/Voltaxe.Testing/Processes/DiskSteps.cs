using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Voltaxe.Testing.Processes;

/// <summary>
/// A process that stops itself after every sync of the disk until it is let go on: between two steps its files can be looked at, and
/// it can be killed there, however slow or fast the machine is.
/// </summary>
public sealed partial class DiskSteps(string traceFile)
{
    private const int Sigcont = 18;
    private const string Syncs = "fdatasync,fsync", Injection = Syncs + ":signal=STOP";

    /// <summary>How many syncs it was let go from.</summary>
    public int Passed { get; private set; }

    /// <summary>It stands still, having just synced.</summary>
    public bool Stands { get; private set; }

    /// <summary>The program that goes in steps.</summary>
    public ChildStart Around(ChildStart start) =>
        start.Under("strace", "-f", "-qq", "-o", traceFile, "-e", "trace=" + Syncs, "-e", "signal=stop", "-e", "inject=" + Injection);

    /// <summary>A program that runs already goes in steps until the answer is disposed.</summary>
    public Task<FaultyDisk> UnderAsync(ChildProcess process) => FaultyDisk.UnderAsync(process, Injection, traceFile);

    /// <summary>
    /// Lets it go from step to step until <paramref name="there"/>; then it stands still, or has not reached its next sync yet. What
    /// <paramref name="there"/> looks at therefore stays as it is for as long as nobody lets it go.
    /// </summary>
    public async Task UntilAsync(ChildProcess process, Func<bool> there, string what, TimeSpan within)
    {
        await Eventually.TrueAsync(() =>
        {
            // In this order: what is not there while it stands still comes only after it was let go.
            var stands = StandsAt();
            Stands = stands is not null;
            if (there())
                return true;
            if (process.HasExited)
                throw process.Failure("ended by itself before " + what);
            if (stands is { } thread)
                GoOn(thread);
            return false;
        }, within, what);
    }

    /// <summary>A thread of the process that stands still, or null while it runs.</summary>
    private int? StandsAt()
    {
        if (!File.Exists(traceFile))
            return null;
        using var file = new StreamReader(new FileStream(traceFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var trace = file.ReadToEnd();
        var signals = Signals().Matches(trace);
        if (signals.Count <= Passed)
            return null;
        // The signal has been delivered and has had its effect: only then does another one that lets it go count.
        var last = signals[^1];
        return Stops().Matches(trace, last.Index).Any(stop => stop.Groups[1].Value == last.Groups[1].Value)
            ? int.Parse(last.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
            : null;
    }

    private void GoOn(int thread)
    {
        Passed++;
        if (SendSignal(thread, Sigcont) != 0)
            throw new InvalidOperationException($"thread {thread} cannot be let go: error {Marshal.GetLastPInvokeError()}");
    }

    // Short thread numbers are followed by more than one space.
    [GeneratedRegex(@"^(\d+) +--- SIGSTOP ", RegexOptions.Multiline)]
    private static partial Regex Signals();

    [GeneratedRegex(@"^(\d+) +--- stopped by SIGSTOP ", RegexOptions.Multiline)]
    private static partial Regex Stops();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);
}
