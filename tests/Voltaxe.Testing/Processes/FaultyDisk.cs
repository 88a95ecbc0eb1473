using System.Globalization;
using System.Text.RegularExpressions;

namespace Voltaxe.Testing.Processes;

/// <summary>
/// A running process whose system calls are made to fail, by strace that attaches to all its threads, until it is disposed:
/// <c>fdatasync:error=ENOSPC</c>, <c>fdatasync:signal=KILL:when=2</c>.
/// </summary>
public sealed partial class FaultyDisk : IAsyncDisposable
{
    private readonly ChildProcess strace;

    private FaultyDisk(ChildProcess strace) => this.strace = strace;

    /// <param name="process">Runs already.</param>
    /// <param name="injection">strace's own language.</param>
    /// <param name="traceFile">What was met on the way, as strace writes it.</param>
    public static async Task<FaultyDisk> UnderAsync(ChildProcess process, string injection, string traceFile = "/dev/null")
    {
        var strace = ChildProcess.Start(new ChildStart("strace",
            ["-f", "-o", traceFile, "-e", "trace=" + injection[..injection.IndexOf(':', StringComparison.Ordinal)], "-e", "inject=" + injection, "-p", process.Id.ToString(CultureInfo.InvariantCulture)]), "strace");
        try
        {
            await strace.WaitForLineAsync(Attached(), TimeSpan.FromSeconds(60));
        }
        catch
        {
            await strace.DisposeAsync();
            throw;
        }
        return new FaultyDisk(strace);
    }

    /// <summary>Lets go; the process goes on with a sound disk.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!strace.HasExited)
            await strace.InterruptAsync(TimeSpan.FromSeconds(60));
        await strace.DisposeAsync();
    }

    [GeneratedRegex(@"attached")]
    private static partial Regex Attached();
}
