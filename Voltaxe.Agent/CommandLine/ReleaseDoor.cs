using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Execution;

namespace Voltaxe.Agent.CommandLine;

/// <summary>
/// Where a running agent takes release codes from its own command line: a socket in the state folder, which only its owner can enter. A
/// line with the code goes in, a line with exit code and words comes out; an agent that ends in between closes it without one.
/// </summary>
internal sealed partial class ReleaseDoor(StateFolder folder, ReleaseDesk desk, TimeProvider time, ILogger<ReleaseDoor> log)
{
    private const int MaxLineChars = 8_192;

    /// <summary>How long somebody who has come may take to say something.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static string PathIn(StateFolder folder) => folder.File("release.sock");

    /// <summary>Serves one after the other until cancelled. The caller holds the state folder.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            if (Open(listener) is { } why)
            {
                // Everything else goes on; with the agent stopped, its command line still takes a code.
                NotOpen(why);
                await Task.Delay(Timeout.InfiniteTimeSpan, time, ct);
            }
            while (true)
            {
                using var visitor = await listener.AcceptAsync(ct);
                await ServeAsync(visitor, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The agent stops.
        }
    }

    /// <summary>What the agent that runs with this folder answers; null when none answers (any more).</summary>
    public static async Task<ReleaseAnswer?> AskAsync(StateFolder folder, string code, CancellationToken ct)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(PathIn(folder)), ct);
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(code.Where(c => !char.IsWhiteSpace(c))) + "\n"), ct);
            return await ReadLineAsync(stream, ct) is { } line && line.Split(' ', 2) is [var number, var words] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var exitCode)
                ? new ReleaseAnswer(exitCode, words)
                : null;
        }
        catch (Exception e) when (e is SocketException or IOException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private string? Open(Socket listener)
    {
        try
        {
            // What an agent that was killed left behind. Nobody else listens: the folder is ours.
            File.Delete(PathIn(folder));
            listener.Bind(new UnixDomainSocketEndPoint(PathIn(folder)));
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(PathIn(folder), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            listener.Listen();
            return null;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            return e.Message;
        }
    }

    private async Task ServeAsync(Socket visitor, CancellationToken ct)
    {
        await using var stream = new NetworkStream(visitor);
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        try
        {
            if (await ReadLineAsync(stream, either.Token) is not { } code)
                return;
            var answer = await desk.TakeAsync(code, ct);
            await stream.WriteAsync(Encoding.UTF8.GetBytes($"{answer.ExitCode.ToString(CultureInfo.InvariantCulture)} {answer.Message.ReplaceLineEndings(" ")}\n"), ct);
        }
        catch (IOException e)
        {
            // Gone before the answer: the journal knows what became of the code.
            VisitorGone(e.Message);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            VisitorGone("nothing was said, or the agent is ending");
        }
    }

    /// <summary>The line, or null when there is none, or one without end.</summary>
    private static async Task<string?> ReadLineAsync(NetworkStream stream, CancellationToken ct)
    {
        var bytes = new byte[MaxLineChars];
        var length = 0;
        while (length < bytes.Length)
        {
            var read = await stream.ReadAsync(bytes.AsMemory(length), ct);
            if (read == 0)
                return null;
            length += read;
            if (Array.IndexOf(bytes, (byte)'\n', 0, length) is >= 0 and var end)
                return Encoding.UTF8.GetString(bytes, 0, end);
        }
        return null;
    }

    [LoggerMessage(1200, LogLevel.Warning, "Release codes cannot be taken while this agent runs; stop it first: {Why}")]
    private partial void NotOpen(string why);

    [LoggerMessage(1201, LogLevel.Information, "Whoever came with a release code is gone: {Why}")]
    private partial void VisitorGone(string why);
}
