namespace Voltaxe.Hub.Tests.Model;

/// <summary>What can happen.</summary>
internal enum Kind
{
    Create, Cancel, Approve, Deny, MinutePasses, QuarterPasses, Sweep,
    Push, PushIsLost, SyncIsSent, SyncArrives, SyncArrivesReplyIsLost, SyncArrivesAndStays, ReplyArrives, PushArrives, PushArrivesAndStays,
    Acts, ActionFails, Finishes, ProcessDies, MachineReboots, JournalIsLost, Boots, Reconnects,
}

/// <summary>One thing that happens. <see cref="DiesAfter"/>: the agent dies when so many records of this step are durable.</summary>
internal readonly record struct Step(Kind Kind, int Which = 0, int? DiesAfter = null)
{
    public override string ToString() => $"{Kind} {Which}" + (DiesAfter is { } records ? $", and dies after {records} record(s)" : "");
}
