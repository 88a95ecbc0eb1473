using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Agent.Evidence;

/// <summary>Tells how far a collection is.</summary>
/// <param name="percent">0 to 100, of this stage.</param>
public delegate void CollectionProgress(int percent, string item);

/// <summary>Collects into one archive, on a thread of its own that gives way to everything else on the host.</summary>
/// <param name="hubNow">Hub time, or null while it is not known.</param>
public sealed class EvidenceMaker(EvidenceLocker locker, EvidenceLimits limits, TimeProvider time, Func<DateTimeOffset?> hubNow)
{
    private const long LeastRoom = EvidenceLimits.MiB;

    /// <summary>Null: none of the items could be collected. <paramref name="data"/> is what the result says then.</summary>
    public Task<(SealedEvidence? Evidence, JsonElement Data)> MakeAsync(Guid uid, IForensics forensics, IReadOnlyList<string> wanted, CollectionProgress progress, CancellationToken ct)
    {
        var made = new TaskCompletionSource<(SealedEvidence?, JsonElement)>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                made.SetResult(Make(uid, forensics, wanted, progress, ct));
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                made.SetCanceled(ct);
            }
            catch (Exception e)
            {
                made.SetException(e);
            }
        })
        { IsBackground = true, Name = "collect" }.Start();
        return made.Task;
    }

    private (SealedEvidence?, JsonElement) Make(Guid uid, IForensics forensics, IReadOnlyList<string> wanted, CollectionProgress progress, CancellationToken ct)
    {
        var priority = forensics.GiveWay();
        var path = locker.Begin(uid);
        // The spool lies beside the archive, and holds one piece.
        var room = locker.Room() - limits.MaxPartBytes;
        if (room < LeastRoom)
            throw new EvidenceUnwritableException("there is not enough free space on the disk for an archive", new IOException("the disk is nearly full"));
        var manifest = Head(uid, wanted, priority);
        using var archive = new EvidenceArchive(path, limits, room, time);
        using var over = new CancellationTokenSource(limits.MaxTime, time);
        for (var i = 0; i < wanted.Count; i++)
        {
            progress(100 * i / wanted.Count, wanted[i]);
            archive.Begin(wanted[i]);
            Collect(forensics, archive, wanted[i], over.Token, ct);
            archive.End();
        }
        manifest["finished_at"] = Text(time.GetUtcNow());
        var collected = archive.Items.Count(i => i.HasAnything);
        var message = $"collected {collected} of {wanted.Count} item(s){(archive.Items.Any(i => i.Status == "partial") ? ", some in part" : "")}";
        JsonObject Data() => new()
        {
            ["collected"] = collected,
            ["asked"] = wanted.Count,
            ["items"] = new JsonObject(archive.Items.Select(i => KeyValuePair.Create(i.Name, (JsonNode?)i.ToResult()))),
        };
        if (collected == 0)
        {
            archive.Dispose();
            var nothing = HostPlatform.ToElement(Data());
            locker.Remove(uid);
            return (null, nothing);
        }
        archive.Close(manifest);
        var sealing = locker.Close(uid, $"forensics-{uid}.tar.gz", message, (size, sha256) =>
        {
            var data = Data();
            data["evidence"] = new JsonObject { ["name"] = $"forensics-{uid}.tar.gz", ["kind"] = SealedEvidence.Kind, ["size"] = size, ["sha256"] = sha256 };
            return HostPlatform.ToElement(data);
        });
        return (sealing, sealing.Data);
    }

    private void Collect(IForensics forensics, EvidenceArchive archive, string item, CancellationToken over, CancellationToken ct)
    {
        var current = archive.Items[^1];
        if (over.IsCancellationRequested)
        {
            current.Fail($"not collected: the {limits.MaxTime.TotalMinutes:0} minutes for all were over");
            return;
        }
        if (!forensics.Collectors.Contains(item))
        {
            current.Fail("this agent does not collect it on this host");
            return;
        }
        using var own = new CancellationTokenSource(limits.MaxItemTime, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(ct, over, own.Token);
        try
        {
            forensics.Collect(item, archive, any.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            current.Fail(over.IsCancellationRequested
                ? $"cut short: the {limits.MaxTime.TotalMinutes:0} minutes for all were over"
                : $"cut short: the {limits.MaxItemTime.TotalMinutes:0} minutes for one item were over");
        }
        catch (Exception e) when (e is not (OperationCanceledException or EvidenceUnwritableException))
        {
            current.Fail(e.Message);
        }
    }

    private JsonObject Head(Guid uid, IReadOnlyList<string> wanted, string priority) => new()
    {
        ["format"] = 1,
        ["command_uid"] = uid.ToString(),
        ["host"] = Environment.MachineName,
        ["os"] = RuntimeInformation.OSDescription,
        ["user"] = Environment.UserName,
        ["privileged"] = Environment.IsPrivilegedProcess,
        ["asked"] = new JsonArray([.. wanted.Select(w => (JsonNode)w)]),
        ["started_at"] = Text(time.GetUtcNow()),
        ["started_at_hub_time"] = hubNow() is { } hub ? Text(hub) : null,
        ["priority"] = priority,
        ["names"] = "sources are as on the host, with everything but printable ASCII and the percent sign as %XX; paths are names in this archive",
        ["caps"] = new JsonObject
        {
            ["bytes"] = limits.MaxBytes,
            ["item_bytes"] = limits.MaxItemBytes,
            ["piece_bytes"] = limits.MaxPartBytes,
            ["pieces_an_item"] = limits.MaxParts,
            ["seconds"] = limits.MaxTime.TotalSeconds,
        },
    };

    private static string Text(DateTimeOffset at) => WireTime.ToText(WireTime.Truncate(at));
}
