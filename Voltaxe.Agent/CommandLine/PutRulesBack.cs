using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Voltaxe.Agent.Channels;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.Rules;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.CommandLine;

/// <summary>
/// <c>rules</c>: for the unit that comes before the network. Puts the rules of an isolation that should stand back, and ends. A running
/// agent does that itself, so it is left alone. <c>rules --remove</c>, for those who take the agent off a host: takes them away for good.
/// What is said about the rules was read from the kernel.
/// </summary>
internal static class PutRulesBack
{
    public static async Task<int> InvokeAsync(AgentSettings settings, bool remove, CancellationToken ct)
    {
        try
        {
            var folder = StateFolder.At(settings.State).RequireTrusted();
            if (!File.Exists(folder.EnrolmentFile) && !File.Exists(folder.IsolationFile) && !File.Exists(folder.JournalFile))
            {
                await Console.Out.WriteLineAsync("no isolation is to stand here");
                return ExitCodes.Done;
            }
            if (await RulesAsync(settings, folder, ct) is not { } rules)
                return ExitCodes.Failed;
            return await ActAsync(rules, folder, remove, ct);
        }
        catch (Exception e) when (e is StateFolderInUseException or FormatException or IOException or UnauthorizedAccessException or PlatformException or JournalUnwritableException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return e is UntrustedPathException ? ExitCodes.Refused : ExitCodes.Failed;
        }
    }

    private static async Task<IRulesIsolation?> RulesAsync(AgentSettings settings, StateFolder folder, CancellationToken ct)
    {
        var time = new BootTime();
        var hubs = settings.HubUrls ?? [.. EnrolmentState.Read(folder)?.HubUrls.Select(u => new Uri(u)) ?? []];
        var addresses = new HubAddresses(hubs, new AnsweredAddresses(folder.AddressesFile, NullLogger<AnsweredAddresses>.Instance));
        var platform = await ThisHost.MakeAsync(dryRun: false, settings, folder, addresses,
            new IsolationTies(BootTime.ReadBootId(), time.GetUtcNow, static () => false, IsolationTies.HostSocket, time), ct);
        if (platform.Isolation is IRulesIsolation rules)
            return rules;
        await Console.Error.WriteLineAsync(platform.WhyMissing(Contracts.Commands.CommandNames.NetworkIsolate));
        return null;
    }

    private static async Task<int> ActAsync(IRulesIsolation rules, StateFolder folder, bool remove, CancellationToken ct)
    {
        try
        {
            using var mine = folder.Lock();
            var opening = Journal.Open(folder.JournalFile, Journal.NewEpoch, path => new DiskFile(path));
            using var book = new Book(opening.Journal, opening.Records);
            List<AgentEvent> told = opening.Lost is { } lost ? [Event("journal_lost", null, new() { ["why"] = lost })] : [];
            return remove ? await RemoveAsync(rules, book, told, ct) : await PutBackAsync(rules, book, told, ct);
        }
        catch (StateFolderInUseException) when (!remove)
        {
            var seen = await rules.ObserveAsync(ct);
            await Console.Out.WriteLineAsync("an agent runs here: the rules are its own to keep. "
                + (seen.Rules == RulesState.None ? "There are none: no isolation is to stand here" : $"They are {Words.Of(seen.Rules)}"));
            return ExitCodes.Done;
        }
    }

    private static async Task<int> PutBackAsync(IRulesIsolation rules, Book book, List<AgentEvent> told, CancellationToken ct)
    {
        if (await JournalDecides.ApplyAsync(rules, book.Ledger, new BootTime().GetUtcNow, ct) is { } wrong)
        {
            await Console.Out.WriteLineAsync(wrong);
            told.Add(Event("isolation_note_replaced", book.Ledger.LastNetworkEffect?.Uid, new() { ["why"] = wrong }));
        }
        var back = await rules.ReapplyAsync(ct);
        if (back is not null)
            told.Add(Event("isolation_reapplied", back.Uid, new() { ["found"] = Words.Of(back.Found), ["why"] = back.Rebooted ? "the machine was restarted" : "before the network" }));
        var seen = await rules.ObserveAsync(ct);
        await Console.Out.WriteLineAsync(
            back is not null ? $"the rules of {back.Uid} are back; they were {Words.Of(back.Found)}"
            : seen.Isolated ? "the rules stand already"
            : seen.Rules == RulesState.None ? "no isolation is to stand here"
            : "rules stand here of which neither the note nor the journal says whose they are: they are left");
        Write(book, told);
        return back is null || seen.Isolated ? ExitCodes.Done : ExitCodes.Failed;
    }

    /// <summary>Whoever takes the agent off the host ends the isolation, for an agent that is put on it again, too.</summary>
    private static async Task<int> RemoveAsync(IRulesIsolation rules, Book book, List<AgentEvent> told, CancellationToken ct)
    {
        var done = await rules.RestoreAsync(Guid.Empty, resumed: false, ct);
        if (book.Ledger is { Isolation: JournalledIsolation.Isolated, LastNetworkEffect: { } ended })
        {
            if (!book.TryWrite([new TimerFired(ended.Uid)]))
                throw new IOException($"the rules are away, but that could not be written down: {book.Unwritable}");
            told.Add(Event("isolation_removed", ended.Uid, new() { ["why"] = "rules --remove" }));
        }
        Write(book, told);
        await Console.Out.WriteLineAsync(done.Message);
        return ExitCodes.Done;
    }

    /// <summary>The agent that comes later finds everything in order: what was not is told from here.</summary>
    private static void Write(Book book, List<AgentEvent> told)
    {
        if (!book.TryWrite([.. told.SelectMany(e => book.Ledger.OnEvent(e).Records)]))
            throw new IOException($"what was done could not be written down: {book.Unwritable}");
    }

    private static AgentEvent Event(string kind, Guid? uid, JsonObject data)
    {
        var now = new BootTime().GetUtcNow();
        return new(Guid.CreateVersion7(now).ToString(), kind, WireTime.Truncate(now), uid, HostPlatform.ToElement(data));
    }
}
