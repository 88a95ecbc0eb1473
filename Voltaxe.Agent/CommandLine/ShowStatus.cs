using System.Globalization;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Agent.CommandLine;

/// <summary><c>status</c>: reads the state folder, and leaves a running agent alone.</summary>
internal static class ShowStatus
{
    public static int Invoke(AgentSettings settings, TextWriter output)
    {
        var folder = StateFolder.At(settings.State);
        void Line(string name, string value) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-12} {value}"));
        try
        {
            if (EnrolmentState.Read(folder) is not { } enrolment)
            {
                output.WriteLine($"{folder.Path} is not enrolled");
                return ExitCodes.NotFound;
            }
            Line("agent", $"{enrolment.AgentId} ({enrolment.Hostname})");
            Line("hub", $"{string.Join(", ", enrolment.HubUrls)} ({enrolment.HubId})");
            Line("keys", string.Join(", ", enrolment.PinnedKeys.Select(k => k.KeyId)));
            Line("running", IsRunning(folder) ? "yes" : "no");
            var board = BoardState.Read(folder.StatusFile);
            Line("last sync", board is null ? "never" : $"{WireTime.ToText(board.LastSync)} over {board.Channel}");
            Line("isolated", board?.Observed is { } observed
                ? $"{(observed.Isolated ? "yes" : "no")}, rules {Words.Of(observed.Rules)}{(observed.Since is { } since ? $", since {WireTime.ToText(since)}" : "")}"
                : "not known");
            if (board?.Degraded is { } degraded)
                Line("degraded", degraded);
            ShowJournal(folder, Line);
            return ExitCodes.Done;
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            output.WriteLine(e.Message);
            return ExitCodes.Failed;
        }
    }

    private static void ShowJournal(StateFolder folder, Action<string, string> line)
    {
        if (!File.Exists(folder.JournalFile))
        {
            line("journal", "none yet");
            return;
        }
        using var file = new FileStream(folder.JournalFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var content = JournalReader.Read(bytes);
        var ledger = Ledger.Fold(content.Records);
        line("journal", content.Damage is null ? $"epoch {ledger.Epoch}, position {content.Position}, {ledger.Entries.Count} command(s) known" : $"damaged: {content.Damage}");
        foreach (var taken in ledger.Codes.Values.Where(t => !t.Done || ledger.Events.Any(e => e.Kind == "offline_release" && e.Uid == t.Code.Uid)))
            line("released", $"by a code, {(taken.Done ? "not yet told to the hub" : "not yet carried out")}");
        foreach (var entry in ledger.Open)
            line("open", $"{entry.Uid} {entry.Command?.Command ?? "-"} {Words.Of(entry.State)}{(entry.Result is { } result ? $" {Words.Of(result.Outcome)}, not yet recorded by the hub" : "")}");
    }

    private static bool IsRunning(StateFolder folder)
    {
        if (!File.Exists(folder.LockFile))
            return false;
        try
        {
            folder.Lock().Dispose();
            return false;
        }
        catch (StateFolderInUseException)
        {
            return true;
        }
    }
}
