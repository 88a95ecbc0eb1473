using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Hub.Domain;

/// <summary>
/// An order for one host: a row of <c>pending_commands</c>. State is changed only by the methods here, each of which asks
/// <see cref="CommandLifecycle"/>; the database refuses a row that was changed by somebody else meanwhile.
/// </summary>
public sealed class Command
{
    // What was ordered. Sealed at creation; never changes.
    public long Id { get; init; }
    public Guid Uid { get; init; }
    public required string AgentId { get; init; }
    public required string Hostname { get; init; }
    public required string Name { get; init; }
    /// <summary>The parameters as a JSON object.</summary>
    public required string Params { get; init; }
    public required string Reason { get; init; }
    public string? Ticket { get; init; }
    public required string CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public int Priority { get; init; }
    public string? BatchId { get; init; }
    public DateTimeOffset? NotBefore { get; init; }
    public int LifetimeSeconds { get; init; }
    public bool NeedsApproval { get; init; }
    /// <summary>HMAC over the fields above. See <c>Security/Seals</c>.</summary>
    public string Seal { get; set; } = "";

    // Approval.
    public string? ApprovedBy { get; set; }
    public DateTimeOffset? ApprovedAt { get; set; }
    public string? ApprovalSeal { get; set; }

    // From the moment it is due.
    public long? Seq { get; private set; }
    public DateTimeOffset? ExpiresAt { get; private set; }
    public string? Payload { get; private set; }
    public string? KeyId { get; private set; }
    public string? Signature { get; private set; }

    // Hand-out.
    public CommandStatus Status { get; private set; }
    public int Attempt { get; private set; }
    public Channel? Channel { get; private set; }
    /// <summary>The journal epoch that it was handed out to; null on the seed's route.</summary>
    public string? Epoch { get; private set; }
    /// <summary>Handed out on the seed's poll: never again on any channel.</summary>
    public bool SeedRoute { get; private set; }
    /// <summary>The socket session that carried the latest hand-out by push; null when a reply carried it.</summary>
    public long? PushSession { get; private set; }
    public DateTimeOffset? HandedOutAt { get; private set; }
    /// <summary>Hand-outs since the agent last said that it has it.</summary>
    public int Unheard { get; private set; }

    // Stamps.
    public DateTimeOffset? DeliveredAt { get; private set; }
    public DateTimeOffset? ReceivedAt { get; private set; }
    public DateTimeOffset? StartedAt { get; private set; }
    public DateTimeOffset? ExecutedAt { get; private set; }
    public DateTimeOffset? VerifiedAt { get; private set; }
    public DateTimeOffset? CancelRequestedAt { get; private set; }
    public DateTimeOffset? FinishedAt { get; private set; }

    // The end.
    public CancelWhy? CancelWhy { get; private set; }
    public string? CancelledBy { get; private set; }
    /// <summary>The newer network command that overtook it.</summary>
    public long? OvertakenBy { get; private set; }
    public UnknownWhy? UnknownWhy { get; private set; }
    /// <summary><c>{"success","message","data"}</c> as JSON.</summary>
    public string? Result { get; private set; }
    /// <summary>The agent's own word ended it, so that nothing but the same word fits any more.</summary>
    public bool AgentMade { get; private set; }

    public Lane Lane => CommandNames.LaneOf(Name);
    public bool IsNetwork => CommandNames.IsNetwork(Name);
    public bool IsTerminal => CommandLifecycle.IsTerminal(Status);
    public bool IsDue => Seq is not null;
    /// <summary>The hub gave up waiting; the agent's own word may still come.</summary>
    public bool IsGivenUp => Status == CommandStatus.Unknown && UnknownWhy == Contracts.Commands.UnknownWhy.NoReport && !AgentMade;
    public bool IsAskedToEnd => IsGivenUp || (Status == CommandStatus.Delivered && CancelWhy is not null);

    /// <summary>A new command enters the queue.</summary>
    public Command Enqueued()
    {
        Status = NeedsApproval ? CommandStatus.AwaitingApproval : CommandStatus.Pending;
        return this;
    }

    /// <summary>Its order of intent is drawn and its envelope signed.</summary>
    public void BecomeDue(long seq, DateTimeOffset expiresAt, string payload, string keyId, string signature)
    {
        if (Status != CommandStatus.Pending || IsDue)
            throw new InvalidOperationException($"command {Id} is {Status} and cannot become due");
        (Seq, ExpiresAt, Payload, KeyId, Signature) = (seq, expiresAt, payload, keyId, signature);
    }

    public void HandOut(HandOutTo to, DateTimeOffset now)
    {
        if (!IsDue)
            throw new InvalidOperationException($"command {Id} is not due: it has no envelope to hand out");
        MoveTo(CommandStatus.Delivered, Cause.HandedOut);
        Attempt++;
        Channel = to.Channel;
        Epoch = to.Epoch;
        SeedRoute = to.SeedRoute;
        PushSession = to.PushSession;
        HandedOutAt = now;
        DeliveredAt ??= NotBackwards(now);
        Unheard++;
    }

    /// <summary>The agent says that its journal has it.</summary>
    public void Heard(DateTimeOffset now, bool started)
    {
        if (Status != CommandStatus.Delivered)
            return;
        now = NotBackwards(now);
        ReceivedAt ??= now;
        Unheard = 0;
        if (started)
            StartedAt ??= now;
    }

    /// <summary>Ends it before any hand-out, or asks the agent to end it after.</summary>
    public void Withdraw(string? by, DateTimeOffset now)
    {
        now = NotBackwards(now);
        if (Status == CommandStatus.Delivered)
        {
            AskToEnd(Contracts.Wire.CancelWhy.Cancelled, now);
            CancelledBy ??= by;
            return;
        }
        MoveTo(CommandStatus.Cancelled, Cause.Withdrawn);
        CancelledBy = by;
        CancelRequestedAt = now;
        FinishedAt = now;
    }

    public void LetExpire(DateTimeOffset now)
    {
        now = NotBackwards(now);
        if (Status == CommandStatus.Delivered)
        {
            AskToEnd(Contracts.Wire.CancelWhy.Expired, now);
            return;
        }
        MoveTo(CommandStatus.Expired, Cause.TimePassed);
        FinishedAt = now;
    }

    public void Overtake(long by, DateTimeOffset now)
    {
        now = NotBackwards(now);
        if (Status == CommandStatus.Delivered)
        {
            OvertakenBy = by;
            AskToEnd(Contracts.Wire.CancelWhy.Superseded, now);
            return;
        }
        MoveTo(CommandStatus.Superseded, Cause.Overtaken);
        OvertakenBy = by;
        FinishedAt = now;
    }

    /// <summary>Nobody can say any more whether it had its effect.</summary>
    public void GiveUp(UnknownWhy why, DateTimeOffset now)
    {
        MoveTo(CommandStatus.Unknown, why == Contracts.Commands.UnknownWhy.NoReport ? Cause.Silence : Cause.AgentLost);
        UnknownWhy = why;
        FinishedAt = NotBackwards(now);
    }

    /// <summary>The agent reports how it ended.</summary>
    /// <param name="report">Times are clamped to what can be true.</param>
    /// <param name="result">The seed's result object as JSON.</param>
    /// <param name="now">Hub time of recording.</param>
    public void Report(ResultReport report, string result, DateTimeOffset now)
    {
        if (AgentMade)
            throw new InvalidOperationException($"command {Id} was ended by the agent's own word; nothing changes it any more");
        var to = CommandLifecycle.StatusOf(report.Outcome);
        MoveTo(to, Status == CommandStatus.Delivered ? Cause.Reported : Cause.Corrected);
        now = NotBackwards(now);
        // A time before the hand-out is no time: then it is not before the agent's first word of the command either.
        var earliest = ReceivedAt ?? DeliveredAt ?? now;
        Attempt = Math.Max(Attempt, report.Attempt);
        DeliveredAt ??= now;
        ReceivedAt ??= now;
        var began = report.Outcome is Outcome.Executed or Outcome.Failed or Outcome.Unknown;
        var ended = report.Outcome is Outcome.Executed or Outcome.Failed;
        StartedAt = began ? Clamp(report.StartedAt) ?? StartedAt ?? Clamp(report.FinishedAt) ?? now : null;
        ExecutedAt = ended ? Later(Clamp(report.FinishedAt) ?? now, StartedAt) : null;
        VerifiedAt = ended && report.Verified == true ? ExecutedAt : null;
        UnknownWhy = to == CommandStatus.Unknown ? Contracts.Commands.UnknownWhy.AgentCrash : null;
        Result = result;
        FinishedAt = now;
        AgentMade = true;
        Unheard = 0;

        DateTimeOffset? Clamp(DateTimeOffset? time) => time is not { } t ? null : t < DeliveredAt ? earliest : t > now ? now : t;
        static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset? b) => b > a ? b.Value : a;
    }

    public void Approve(string by, string seal, DateTimeOffset now)
    {
        MoveTo(CommandStatus.Pending, Cause.Approved);
        (ApprovedBy, ApprovedAt, ApprovalSeal) = (by, NotBackwards(now), seal);
    }

    public void Deny(DateTimeOffset now)
    {
        MoveTo(CommandStatus.Denied, Cause.Denied);
        FinishedAt = NotBackwards(now);
    }

    /// <summary>The first why stays, except that an overtaking replaces an expiry.</summary>
    private void AskToEnd(CancelWhy why, DateTimeOffset now)
    {
        CancelRequestedAt ??= now;
        if (CancelWhy is null || (CancelWhy == Contracts.Wire.CancelWhy.Expired && why == Contracts.Wire.CancelWhy.Superseded))
            CancelWhy = why;
    }

    /// <summary>Clocks step back; the stamps of one command never do. What would be earlier than the last of them has its time.</summary>
    private DateTimeOffset NotBackwards(DateTimeOffset now)
    {
        foreach (var stamp in new[] { CreatedAt, ApprovedAt, DeliveredAt, ReceivedAt, StartedAt, CancelRequestedAt, FinishedAt })
            now = stamp > now ? stamp.Value : now;
        return now;
    }

    private void MoveTo(CommandStatus to, Cause cause)
    {
        if (!CommandLifecycle.Allows(Status, to, cause))
            throw new InvalidOperationException($"command {Id}: {Status} → {to} by {cause} is not a legal move");
        Status = to;
    }
}

/// <summary>To whom and how a command is handed out.</summary>
/// <param name="Channel">What carries it.</param>
/// <param name="Epoch">The agent's journal epoch; null on the seed's route.</param>
/// <param name="PushSession">The socket session of a push; null in a reply.</param>
/// <param name="SeedRoute">On the seed's poll.</param>
public readonly record struct HandOutTo(Channel Channel, string? Epoch, long? PushSession, bool SeedRoute);
