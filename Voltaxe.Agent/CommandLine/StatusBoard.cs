using System.Text.Json;
using System.Text.Json.Serialization;
using Voltaxe.Agent.Actions;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Execution;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.CommandLine;

/// <summary>What a running agent leaves in its state folder for <c>status</c>.</summary>
internal sealed record BoardState(int Pid, DateTimeOffset LastSync, string Channel, DateTimeOffset HubTime, Observed? Observed, string? Degraded)
{
    public static BoardState? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), BoardJson.Default.BoardState);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }
}

/// <summary>Writes the board: when something on it changed, and now and then.</summary>
internal sealed class StatusBoard(StateFolder folder, IsolationWatch watch, Outbox outbox, TimeProvider time)
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private BoardState? written;
    private long writtenAt;

    private const int LongestPollSeconds = 3600;

    /// <summary>What the hub's last reply asked for, within reason; 0 where it asked for nothing.</summary>
    public int NextPollSeconds { get; private set; }

    public void Note(string channel, SyncReply reply)
    {
        NextPollSeconds = Math.Clamp(reply.NextPollSeconds, 0, LongestPollSeconds);
        var now = new BoardState(Environment.ProcessId, WireTime.Truncate(time.GetUtcNow()), channel, reply.HubTime, watch.Current, outbox.Degraded);
        var same = written is { } w && w with { LastSync = now.LastSync, HubTime = now.HubTime } == now;
        if (same && time.GetElapsedTime(writtenAt) < Rest)
            return;
        try
        {
            StateFolder.WriteAtomically(folder.StatusFile, JsonSerializer.Serialize(now, BoardJson.Default.BoardState));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk is full or gone: the journal notices, and says so.
            return;
        }
        (written, writtenAt) = (now, time.GetTimestamp());
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(WireTime)])]
[JsonSerializable(typeof(BoardState))]
internal sealed partial class BoardJson : JsonSerializerContext;
