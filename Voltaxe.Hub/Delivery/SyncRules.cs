using FluentValidation;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Hub.Delivery;

/// <summary>What a sync must look like before anything of it counts. Everything an agent sends is hostile until checked.</summary>
public sealed class SyncRules : AbstractValidator<SyncAgent.Request>
{
    public const int MaxEntries = 5000;

    public SyncRules() => RuleFor(r => r.Sync).Custom((sync, context) =>
    {
        Must(IsWord(sync.Epoch, 64), "epoch", "must be 1 to 64 characters of A-Z, a-z, 0-9, - and _");
        Must(IsWord(sync.Instance, 64), "instance", "must be 1 to 64 characters of A-Z, a-z, 0-9, - and _");
        Must(sync.N is > 0 and < 1L << 53, "n", "must be from 1 to 2^53");
        Must(sync.Position is >= 0 and < 1L << 53, "position", "must be from 0 to 2^53");
        Must(sync.HighestSeq >= 0, "highest_seq", SeqAlarm.Rule); // What is too high is refused by SeqAlarm, which also tells of it.
        Must(sync.WaitSeconds is >= 0 and <= 30, "wait_seconds", "must be from 0 to 30");
        Must(sync.Info is null || IsInfo(sync.Info), "info", "must be short text without control characters and at most 64 capabilities");
        Must(sync.Holding.Count <= MaxEntries && sync.Holding.All(h => h is not null && IsAttempt(h.Attempt)), "holding", $"must be at most {MaxEntries} entries with attempt from 1");
        Must(sync.Received.Count <= MaxEntries && sync.Received.All(h => h is not null && IsAttempt(h.Attempt)), "received", $"must be at most {MaxEntries} entries with attempt from 1");
        Must(sync.Results.Count <= MaxEntries && sync.Results.All(IsResult), "results", $"must be at most {MaxEntries} results with attempt from 1, a message of at most 10,000 characters and data of at most 256 KiB, {AgentData.Rule}");
        Must(sync.Events.Count <= 500 && sync.Events.All(IsEvent), "events", $"must be at most 500 events with short event_id and kind and data of at most 16 KiB, {AgentData.Rule}");
        Must(sync.Answers.Count <= 64 && sync.Answers.All(a => a is not null && IsWord(a.AskId, 64) && AgentData.Fits(a.Data, AgentRoutes.MaxMessageBytes)), "answers", $"must be at most 64 answers, {AgentData.Rule}");

        void Must(bool fits, string field, string text)
        {
            if (!fits)
                context.AddFailure(field, text);
        }
    });

    private static bool IsAttempt(int attempt) => attempt is >= 1 and <= 1_000_000;

    private static bool IsResult(ResultReport? r) => r is not null && IsAttempt(r.Attempt) && (r.Message?.Length ?? 0) <= 10_000
        && AgentData.Fits(r.Data, ResultReport.MaxDataBytes);

    private static bool IsEvent(AgentEvent? e) => e is not null && IsWord(e.EventId, 64) && IsWord(e.Kind, 64)
        && AgentData.Fits(e.Data, 16 * 1024);

    private static bool IsInfo(AgentInfo info) => IsText(info.Hostname, 253) && IsText(info.Os, 100) && IsText(info.Version, 100)
        && info.Capabilities.Count <= 64 && info.Capabilities.All(c => c is not null && IsWord(c, 64));

    private static bool IsText(string? text, int max) => text is null || (text.Length <= max && !text.Any(char.IsControl));

    private static bool IsWord(string? text, int max) =>
        text is { Length: > 0 } && text.Length <= max && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
