using System.ComponentModel;
using System.Diagnostics;

namespace Voltaxe.Testing.Processes;

/// <summary>What a short program said.</summary>
public sealed record Ran(int ExitCode, string Output, string Error);

/// <summary>Runs short programs to their end, for setting up and looking at the machine from outside the product.</summary>
public static class Shell
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <exception cref="InvalidOperationException">The program failed; the message holds all that it said.</exception>
    public static string Run(string program, params string[] arguments)
    {
        var ran = TryRun(program, arguments);
        return ran.ExitCode == 0
            ? ran.Output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {ran.ExitCode}:\n{ran.Output}{ran.Error}");
    }

    public static Ran TryRun(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(Machine.Find(program) ?? program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            if (process.WaitForExit(Limit) && Task.WaitAll([output, error], Limit))
                return new Ran(process.ExitCode, output.Result, error.Result);
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end within {Limit.TotalSeconds} s");
        }
        catch (Win32Exception notFound)
        {
            return new Ran(127, "", notFound.Message);
        }
    }

    /// <summary>One word for a POSIX shell, whatever is in it.</summary>
    public static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
