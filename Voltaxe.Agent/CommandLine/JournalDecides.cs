using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Agent.CommandLine;

/// <summary>Before an agent or <c>rules</c> looks after an isolation: what should stand is what the journal says, the note is its copy.</summary>
internal static class JournalDecides
{
    /// <param name="now">Hub time or the best guess, for an isolation whose start is not known.</param>
    /// <returns>What was wrong with the note, or null.</returns>
    public static async Task<string?> ApplyAsync(IRulesIsolation rules, Ledger ledger, Func<DateTimeOffset> now, CancellationToken ct)
    {
        if (ledger.Isolation == JournalledIsolation.Silent)
            return null;
        var last = ledger.LastNetworkEffect!;
        bool IsOlder(Guid uid) => ledger.Find(uid) is { Command: { } noted } && (ledger.Isolation == JournalledIsolation.Restored ? noted.Seq <= last.Command!.Seq : noted.Seq < last.Command!.Seq);
        var standing = ledger.Isolation == JournalledIsolation.Isolated
            ? new StandingIsolation(last.Uid, CommandParams.ReadIsolate(last.Command!.Params), last.StartedAt ?? now())
            : null;
        return await rules.FollowJournalAsync(standing, IsOlder, ct);
    }
}
