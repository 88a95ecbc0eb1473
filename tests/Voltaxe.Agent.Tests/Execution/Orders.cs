using System.Text.Json;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Tests.Execution;

/// <summary>Commands for ledgers, without signatures: the verdict is given by the test.</summary>
internal static class Orders
{
    public const string Epoch = "epoch-1";

    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static Guid Uid(int number) => new($"01930000-0000-7000-8000-{number:D12}");

    public static Envelope Envelope(int number, int attempt = 1, string epoch = Epoch) => new(number, Uid(number), attempt, epoch, "", "", "");

    public static AcceptedCommand Command(int number, string command = CommandNames.NetworkIsolate, long? seq = null, DateTimeOffset? expires = null) =>
        new(number, seq ?? number, command, WireJson.EmptyObject, "a test", "ana", expires ?? Noon.AddHours(1));

    public static ResultReport Result(int number, Outcome outcome = Outcome.Executed, JsonElement? data = null) =>
        new(Uid(number), 1, outcome, "done", data, Noon, Noon, null);

    public static Ledger Comes(this Ledger ledger, int number, string command = CommandNames.NetworkIsolate, long? seq = null, DateTimeOffset? expires = null, DateTimeOffset? now = null)
    {
        var seen = ledger.OnEnvelope(Envelope(number));
        Assert.Equal(NextStep.Verify, seen.Next);
        ledger = ledger.Apply(seen.Records);
        return ledger.Apply(ledger.OnVerified(Envelope(number), Verdict.Accept(Command(number, command, seq, expires)), now ?? Noon).Records);
    }

    public static Ledger Starts(this Ledger ledger, DateTimeOffset? now = null) => ledger.Apply(ledger.Start(now ?? Noon).Records);

    public static Ledger Ends(this Ledger ledger, int number, Outcome outcome = Outcome.Executed) => ledger.Apply(ledger.OnFinished(Result(number, outcome)).Records);

    /// <summary>The agent dies and starts again: only what is in the journal is left.</summary>
    public static Ledger Crashes(this Ledger ledger, DateTimeOffset? now = null) => ledger.Apply(ledger.OnRecover(now ?? Noon, now).Records);

    public static Ledger Recorded(this Ledger ledger, params int[] numbers) =>
        ledger.Apply(ledger.OnRecorded(numbers.Select(n => Uid(n).ToString()), Noon).Records);

    public static Outcome? OutcomeOf(this Ledger ledger, int number) => ledger.Find(Uid(number))?.Result?.Outcome;
}
