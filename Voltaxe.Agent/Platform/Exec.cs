using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Voltaxe.Agent.Platform;

/// <summary>Runs programs of the host. What a platform has run can be seen here where its programs are not.</summary>
public interface IPrograms
{
    /// <exception cref="PlatformException">The program cannot be started.</exception>
    Task<Exec.Ran> RunAsync(string program, IEnumerable<string> arguments, string? input, CancellationToken ct);
}

/// <summary>Runs a program of the host. No shell; the arguments go as they are.</summary>
/// <param name="before">What to put before every program, such as <c>ip netns exec NAME</c>.</param>
public sealed class Exec(params string[] before) : IPrograms
{
    private const int MaxErrorChars = 1_000;

    public sealed record Ran(int ExitCode, string Output, string Error);

    public async Task<Ran> RunAsync(string program, IEnumerable<string> arguments, string? input, CancellationToken ct)
    {
        using var process = Start(Prepare(program, arguments));
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

    /// <summary>
    /// Runs a program on the calling thread, whose priority it inherits, and hands over its output as it comes. Null: it was handed over
    /// whole; otherwise why the program was ended before that.
    /// </summary>
    /// <param name="take">False: no more is wanted.</param>
    /// <exception cref="PlatformException">The program cannot be started, or failed.</exception>
    public string? Pour(string program, IReadOnlyList<string> arguments, Func<ReadOnlySpan<byte>, bool> take, TimeSpan atMost, TimeProvider time, CancellationToken ct)
    {
        using var process = Start(Prepare(program, arguments));
        using var limit = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        using var ending = either.Token.Register(static p => ((Process)p!).Kill(entireProcessTree: true), process);
        var errors = new StringBuilder();
        process.ErrorDataReceived += (_, line) =>
        {
            if (errors.Length < MaxErrorChars)
                errors.Append(line.Data).Append(' ');
        };
        process.BeginErrorReadLine();
        process.StandardInput.Close();
        var wanted = true;
        var buffer = new byte[64 * 1024];
        try
        {
            while (wanted && process.StandardOutput.BaseStream.Read(buffer) is var read and > 0)
                wanted = take(buffer.AsSpan(0, read));
        }
        catch
        {
            wanted = false;
            throw;
        }
        finally
        {
            if (!wanted)
                process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }
        ct.ThrowIfCancellationRequested();
        if (limit.IsCancellationRequested)
            return $"it did not end within {atMost.TotalSeconds:0} s";
        if (!wanted)
            return "it had more to say";
        return process.ExitCode == 0 ? null : throw new PlatformException("failed", $"exit code {process.ExitCode}: {errors.ToString().Trim()}");
    }

    private ProcessStartInfo Prepare(string program, IEnumerable<string> arguments)
    {
        string[] line = [.. before, program, .. arguments];
        var start = new ProcessStartInfo(line[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in line.Skip(1))
            start.ArgumentList.Add(argument);
        start.Environment["LC_ALL"] = "C";
        return start;
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
