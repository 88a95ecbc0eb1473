using System.Text.Json.Nodes;
using Voltaxe.Agent.Channels;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.Rules;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.CommandLine;

/// <summary>
/// <c>rules</c>: for the unit that comes before the network. Puts the rules of an isolation that should stand back, and ends. A running
/// agent does that itself, so it is left alone. <c>rules --remove</c>, for those who take the agent off a host: takes them away for good.
/// </summary>
internal static class PutRulesBack
{
    public static async Task<int> InvokeAsync(AgentSettings settings, bool remove, CancellationToken ct)
    {
        try
        {
            var folder = StateFolder.At(settings.State);
            if (!File.Exists(folder.File("isolation.json")))
            {
                await Console.Out.WriteLineAsync("no isolation is to stand here");
                return ExitCodes.Done;
            }
            using var mine = folder.Lock();
            return await ActAsync(settings, folder, remove, ct);
        }
        catch (StateFolderInUseException) when (!remove)
        {
            await Console.Out.WriteLineAsync("an agent runs here: the rules are its own to keep");
            return ExitCodes.Done;
        }
        catch (Exception e) when (e is StateFolderInUseException or FormatException or IOException or UnauthorizedAccessException or PlatformException or JournalUnwritableException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCodes.Failed;
        }
    }

    private static async Task<int> ActAsync(AgentSettings settings, StateFolder folder, bool remove, CancellationToken ct)
    {
        var time = new BootTime();
        var hubs = settings.HubUrls ?? [.. EnrolmentState.Read(folder)?.HubUrls.Select(u => new Uri(u)) ?? []];
        var platform = await ThisHost.MakeAsync(dryRun: false, settings, folder, new HubAddresses(hubs),
            new IsolationTies(BootTime.ReadBootId(), time.GetUtcNow, static () => false, IsolationTies.HostSocket, time), ct);
        if (platform.Isolation is not IRulesIsolation rules)
        {
            await Console.Error.WriteLineAsync(platform.WhyMissing(Contracts.Commands.CommandNames.NetworkIsolate));
            return ExitCodes.Failed;
        }
        if (remove)
        {
            await Console.Out.WriteLineAsync((await rules.RestoreAsync(Guid.Empty, resumed: false, ct)).Message);
            return ExitCodes.Done;
        }
        if (await rules.ReapplyAsync(ct) is not { } back)
        {
            await Console.Out.WriteLineAsync("the rules stand already");
            return ExitCodes.Done;
        }
        await Console.Out.WriteLineAsync($"the rules of {back.Uid} are back; they were {Words.Of(back.Found)}");
        Tell(folder, back, time);
        return ExitCodes.Done;
    }

    /// <summary>The agent that comes later finds the rules in order: that they had to be put back is told from here.</summary>
    private static void Tell(StateFolder folder, Reapplied back, BootTime time)
    {
        AgentEvent Event(string kind, Guid? uid, JsonObject data) =>
            new(Guid.CreateVersion7(time.GetUtcNow()).ToString(), kind, WireTime.Truncate(time.GetUtcNow()), uid, HostPlatform.ToElement(data));
        var opening = Journal.Open(folder.JournalFile, Journal.NewEpoch, path => new DiskFile(path));
        using var book = new Book(opening.Journal, opening.Records);
        List<AgentEvent> told = [Event("isolation_reapplied", back.Uid, new() { ["found"] = Words.Of(back.Found), ["why"] = back.Rebooted ? "the machine was restarted" : "before the network" })];
        if (opening.Lost is { } lost)
            told.Add(Event("journal_lost", null, new() { ["why"] = lost }));
        if (!book.TryWrite([.. told.SelectMany(e => book.Ledger.OnEvent(e).Records)]))
            throw new IOException($"the rules are back, but that could not be written down: {book.Unwritable}");
    }
}
