using System.Text.Json;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Dashboard.Tests.Fakes;

/// <summary>Hosts and commands with everything filled in that a test does not care about.</summary>
public static class Given
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>What an attacker would like a screen to swallow: markup, terminal escapes, line breaks, turned text, a wall of letters.</summary>
    public static readonly string Hostile =
        "<script>alert('x')</script><img src=x onerror=alert(1)>\u001b[31mred\u001b]0;title\u0007\r\nfake line\0\u0008\u202Egnp.exe\u2066\u200B" + new string('A', 10_000);

    public static AgentView Agent(string host = "web-01", Presence presence = Presence.Live, Containment containment = Containment.Normal) => new()
    {
        Id = "a-" + host,
        Host = host,
        Os = "linux",
        Version = "0.1.0",
        Legacy = false,
        Presence = presence,
        LastSeen = presence == Presence.Never ? null : Noon.AddSeconds(-4),
        Containment = containment,
        Drift = false,
        Observed = new Observed(containment == Containment.Isolated, containment == Containment.Isolated ? Noon.AddMinutes(-5) : null, null,
            containment == Containment.Isolated ? RulesState.Intact : RulesState.None),
        Capabilities = CommandNames.All,
        OpenCommands = 0,
    };

    public static CommandView Command(long id = 7, string host = "web-01", string command = CommandNames.NetworkIsolate, CommandStatus status = CommandStatus.Pending) => At(new()
    {
        Id = id,
        Uid = new Guid((int)id, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]),
        Host = host,
        AgentId = "a-" + host,
        Command = command,
        Params = JsonElement.Parse("{}"),
        Reason = "C2 beacon seen",
        Status = CommandStatus.Pending,
        Priority = 10,
        Attempt = 0,
        CreatedBy = "ana",
        CreatedAt = Noon,
    }, status);

    /// <summary>The command as it would look in that state, with the stamps that belong to it.</summary>
    public static CommandView At(CommandView c, CommandStatus status) => status switch
    {
        CommandStatus.AwaitingApproval => c with { Status = status },
        CommandStatus.Pending => c with { Status = status, ExpiresAt = Noon.AddHours(72) },
        CommandStatus.Delivered => HandedOver(c),
        CommandStatus.Executed => Ran(c) with { Status = status, Result = new(true, "done", null) },
        CommandStatus.Failed => Ran(c) with { Status = status, Result = new(false, "no such process", null) },
        CommandStatus.Rejected => HandedOver(c) with { Status = status, ReceivedAt = Noon.AddMilliseconds(6), FinishedAt = Noon.AddSeconds(1), Result = new(false, "not allowed", null) },
        CommandStatus.Superseded => c with { Status = status, SupersededBy = c.Id + 1, FinishedAt = Noon.AddSeconds(1) },
        CommandStatus.Unknown => HandedOver(c) with { Status = status, UnknownWhy = Contracts.Commands.UnknownWhy.NoReport, FinishedAt = Noon.AddMinutes(20) },
        CommandStatus.Cancelled => c with { Status = status, CancelRequestedAt = Noon.AddSeconds(1), FinishedAt = Noon.AddSeconds(1) },
        _ => c with { Status = status, FinishedAt = Noon.AddSeconds(1) },
    };

    public static CommandView HandedOver(CommandView c, Channel channel = Channel.Push) => c with
    {
        Status = CommandStatus.Delivered,
        Attempt = 1,
        Channel = channel,
        DeliveredAt = Noon.AddMilliseconds(4),
    };

    public static CommandView Received(CommandView c) => HandedOver(c) with { ReceivedAt = Noon.AddMilliseconds(6) };

    public static CommandView Running(CommandView c) => Received(c) with { StartedAt = Noon.AddMilliseconds(7) };

    /// <summary>A file of a collection, all of it there unless fewer bytes are said.</summary>
    public static EvidenceView Evidence(int n = 1, long command = 7, string host = "web-01", long size = 2_000, long? received = null) => new()
    {
        Id = $"e-{n:0000}",
        CommandId = command,
        CommandUid = new Guid((int)command, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]),
        AgentId = "a-" + host,
        Host = host,
        Name = $"archive-{n}.tar.gz",
        Kind = "archive",
        Size = size,
        Received = received ?? size,
        Sha256 = new string('a', 64),
        Complete = received is null || received == size,
        CreatedAt = Noon,
        UpdatedAt = Noon.AddMilliseconds(received ?? size),
        CompletedAt = received is null || received == size ? Noon.AddMinutes(1) : null,
    };

    private static CommandView Ran(CommandView c) => Running(c) with { ExecutedAt = Noon.AddMilliseconds(900), FinishedAt = Noon.AddSeconds(1) };
}
