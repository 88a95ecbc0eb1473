using System.Text.Json;
using System.Text.Json.Nodes;
using Voltaxe.Agent.Evidence;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Actions;

/// <summary>
/// Collects what was asked for into one archive, brings it to the hub, and only then is done. An item that fails, or that this agent does not
/// have, says so in its own place; nothing is invented.
/// </summary>
public sealed class CollectForensics(HostPlatform platform, EvidenceMaker maker, EvidenceLocker locker, IEvidenceUpload upload, ProgressTeller progress, TimeProvider time) : IAction
{
    /// <summary>Before the limit, so that what was collected and how far the upload came can still be said.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromMinutes(1);

    public string Command => CommandNames.CollectForensics;

    public TimeSpan Limit => TimeSpan.FromHours(2);

    public string? WhyNot(JsonElement parameters) => platform.Forensics is null ? platform.WhyMissing(Command) : null;

    /// <summary>What becomes of the archive of this command: it is needed until the hub has recorded how that ended, and longer where the hub has not got it.</summary>
    public static Keep WhatOf(LedgerEntry? entry) => entry switch
    {
        null => Keep.No,
        { IsOpen: true } => Keep.Yes,
        { Result.Outcome: Outcome.Executed } => Keep.No,
        _ => Keep.ForNow,
    };

    public async Task<ActionResult> RunAsync(ActionOrder order, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(Limit - LastWords, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        SealedEvidence? evidence = null;
        var stands = new UploadState(0, null);
        try
        {
            // A crash during the upload: what was collected then is what is reported.
            evidence = await Task.Run(() => locker.Find(order.Uid), ct);
            if (evidence is null)
            {
                var asked = CommandParams.ReadCollect(order.Command.Params).Collect;
                (evidence, var nothing) = await maker.MakeAsync(order.Uid, platform.Forensics!, asked.Count > 0 ? asked : platform.Forensics!.Collectors,
                    (percent, item) => progress.Tell(order.Uid, percent, item, "collecting"), either.Token);
                if (evidence is null)
                    return new ActionResult(Outcome.Failed, "nothing_collected: none of the items could be collected", nothing);
            }
            var whole = evidence;
            var id = await upload.SendAsync(whole, state =>
            {
                stands = state;
                progress.Tell(order.Uid, (int)(100 * state.Reached / whole.Size), whole.Name, "uploading");
            }, either.Token);
            return ActionResult.Executed(whole.Message, HostPlatform.ToElement(With(whole, "evidence_id", id)));
        }
        catch (EvidenceUnwritableException e)
        {
            locker.Remove(order.Uid);
            return ActionResult.Failed("no_space", e.Message);
        }
        catch (EvidenceRefusedException e)
        {
            return NotStored("not_stored", $"{evidence!.Message}, and the hub did not take the archive: {e.Message}", evidence, stands);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return evidence is null
                ? ActionResult.Failed("timeout", "the collecting was not done in time")
                : NotStored("timeout", $"{evidence.Message}, but the hub did not get the archive in time{(stands.Trouble is { } why ? $": {why}" : "")}", evidence, stands);
        }
        finally
        {
            progress.Forget(order.Uid);
        }
    }

    private static ActionResult NotStored(string error, string message, SealedEvidence evidence, UploadState stands)
    {
        var details = With(evidence, "uploaded", stands.Reached);
        details["kept_on_host"] = $"until the next collection, {EvidenceLocker.Patience.TotalDays:0} days at most";
        return ActionResult.Failed(error, message, details);
    }

    private static JsonObject With(SealedEvidence evidence, string name, JsonNode value)
    {
        var data = JsonNode.Parse(evidence.Data.GetRawText())!.AsObject();
        data["evidence"]![name] = value;
        return data;
    }
}
