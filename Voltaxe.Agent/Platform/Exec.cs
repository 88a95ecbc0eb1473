using System.ComponentModel;
using System.Diagnostics;

namespace Voltaxe.Agent.Platform;

/// <summary>Runs a program of the host. No shell; the arguments go as they are.</summary>
/// <param name="before">What to put before every program, such as <c>ip netns exec NAME</c>.</param>
public sealed class Exec(params string[] before)
{
    public sealed record Ran(int ExitCode, string Output, string Error);

    /// <exception cref="PlatformException">The program cannot be started.</exception>
    public async Task<Ran> RunAsync(string program, IEnumerable<string> arguments, string? input, CancellationToken ct)
    {
        string[] line = [.. before, program, .. arguments];
        var start = new ProcessStartInfo(line[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in line.Skip(1))
            start.ArgumentList.Add(argument);
        start.Environment["LC_ALL"] = "C";
        using var process = Start(start);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(ct);
            var error = process.StandardError.ReadToEndAsync(ct);
            try
            {
                await process.StandardInput.WriteAsync((input ?? "").AsMemory(), ct);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended without reading; its exit code says why.
            }
            await process.WaitForExitAsync(ct);
            return new(process.ExitCode, await output, (await error).Trim());
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new PlatformException("not_available", $"{start.FileName} cannot be run: {e.Message}");
        }
    }

    /// <summary>Where a program is, or null. Looks into the administrator's folders too, which are not in everyone's PATH.</summary>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin", "/usr/bin", "/bin"])
        .Where(folder => folder.Length > 0)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);
}
