using System.Diagnostics;
using System.Globalization;

namespace Voltaxe.Testing.Processes;

/// <summary>
/// What must be undone even when the test run is killed. A small shell of its own session holds the other end of a pipe:
/// when this process ends, however it ends, the pipe closes and the shell carries out what has not been revoked, newest first.
/// </summary>
public static class LastWill
{
    private const string Executor = """
        exec >/dev/null 2>&1
        trap '' INT TERM HUP
        cd /
        declare -A will
        while IFS= read -r line; do
          id=${line%% *}
          case $line in
            +*) will[${id#+}]=${line#* } ;;
            -*) unset "will[${id#-}]" ;;
          esac
        done
        for id in $(printf '%s\n' "${!will[@]}" | sort -rn); do eval "${will[$id]}"; done
        """;

    private static readonly Lock Gate = new();
    private static Process? executor;
    private static long last;

    /// <summary>Registers one line of shell; dispose the answer when it has been done in the ordinary way.</summary>
    public static IDisposable Add(string shellLine)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(shellLine);
        if (shellLine.Contains('\n', StringComparison.Ordinal))
            throw new ArgumentException("one line of shell, please", nameof(shellLine));
        if (OperatingSystem.IsWindows())
            return new Clause(0);
        lock (Gate)
        {
            executor ??= StartExecutor();
            var id = ++last;
            Tell(string.Create(CultureInfo.InvariantCulture, $"+{id} {shellLine}"));
            return new Clause(id);
        }
    }

    /// <summary>
    /// The shell that waits for its pipe to close. Its language: <c>+NUMBER shell</c> and <c>-NUMBER </c>. The process that is given
    /// back ends at once: it only hands the pipe on to an orphan, which who kills this process and all its children does not find.
    /// </summary>
    public static Process StartExecutor() =>
        Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec 3<&0; setsid bash -c \"$1\" <&3 3<&- &", "sh", Executor]) { RedirectStandardInput = true })!;

    private static void Tell(string line)
    {
        executor!.StandardInput.Write(line + "\n");
        executor.StandardInput.Flush();
    }

    private sealed class Clause(long id) : IDisposable
    {
        private bool revoked;

        public void Dispose()
        {
            lock (Gate)
            {
                if (revoked || id == 0)
                    return;
                revoked = true;
                Tell(string.Create(CultureInfo.InvariantCulture, $"-{id} "));
            }
        }
    }
}
