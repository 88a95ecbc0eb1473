using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Voltaxe.Testing.Wire;

/// <summary>
/// The agent's side of sync (protocol, section 3) with its journal in memory: builds requests, verifies and keeps what it is handed,
/// answers repeats from the journal. It has no channel of its own. Everything that it says can be bent by a test: set the
/// counters, change the request before it is sent, or do not hand it the reply.
/// </summary>
public sealed class WireAgent(WireIdentity identity)
{
    private readonly Dictionary<Guid, WireEntry> journal = [];
    private readonly List<WireEntry> order = [];
    private readonly List<Guid> toldReceived = [];

    public WireIdentity Identity { get; } = identity;
    public string Epoch { get; set; } = NewId();
    public string Instance { get; set; } = NewId();
    public long N { get; set; }
    public long Position { get; set; }
    public long HighestSeq { get; set; }
    public long NetworkMark { get; private set; }
    public DateTimeOffset? HubTime { get; private set; }
    public JsonObject Info { get; } = new()
    {
        ["hostname"] = identity.Hostname, ["os"] = "linux", ["version"] = "0.0.1-test",
        ["capabilities"] = new JsonArray("network_isolate", "network_restore", "kill_process", "collect_forensics"),
    };
    public JsonObject Observed { get; set; } = new() { ["isolated"] = false, ["since"] = null, ["verified_at"] = null, ["rules"] = "none" };
    public List<JsonObject> Events { get; } = [];
    public List<JsonObject> Asks { get; } = [];

    /// <summary>Envelopes and cancels of another epoch: neither kept nor reported.</summary>
    public List<JsonObject> Ignored { get; } = [];

    public IReadOnlyList<WireEntry> Journal => order;

    /// <summary>Every envelope's number, repeats included, in the order in which they came.</summary>
    public List<long> HandedOut { get; } = [];

    public WireEntry? Find(Guid uid) => journal.GetValueOrDefault(uid);

    /// <summary>The process died and came back: same journal, new instance.</summary>
    public void Restart() => (Instance, N) = (NewId(), 0);

    /// <summary>Somebody deleted the journal.</summary>
    public void LoseJournal()
    {
        journal.Clear();
        order.Clear();
        toldReceived.Clear();
        (Epoch, Position, HighestSeq, NetworkMark) = (NewId(), 0, 0, 0);
        Restart();
    }

    /// <summary>Draws the next n and says all that is to be said.</summary>
    public JsonObject NewSync(int waitSeconds = 0)
    {
        var received = toldReceived.ToArray();
        toldReceived.Clear();
        return new JsonObject
        {
            ["epoch"] = Epoch,
            ["instance"] = Instance,
            ["n"] = ++N,
            ["position"] = Position,
            ["highest_seq"] = HighestSeq,
            ["info"] = Info.DeepClone(),
            ["observed"] = Observed.DeepClone(),
            ["holding"] = List(order.Where(e => !e.Recorded && e.Dropped is null).Select(e => Line(e, ("state", e.State)))),
            ["received"] = List(received.Select(uid => Line(journal[uid]))),
            ["results"] = List(order.Where(e => e.MustSend).Select(e => e.Result!.DeepClone())),
            ["events"] = List(Events.Select(e => e.DeepClone())),
            ["answers"] = new JsonArray(),
            ["wait_seconds"] = waitSeconds,
        };
    }

    /// <summary>Takes in a whole reply: keys are not checked here, then cancel, then commands.</summary>
    public void Handle(JsonObject reply)
    {
        HubTime = WireText.Time(WireText.Text(reply, "hub_time"));
        foreach (var recorded in reply["recorded"] as JsonArray ?? [])
        {
            var id = recorded!.GetValue<string>();
            Events.RemoveAll(e => WireText.Text(e, "event_id") == id);
            if (Guid.TryParse(id, out var uid) && journal.TryGetValue(uid, out var entry))
                entry.Recorded = true;
        }
        foreach (var drop in WireText.Objects(reply, "drop"))
        {
            if (journal.TryGetValue(Guid.Parse(WireText.Text(drop, "uid")), out var entry))
                entry.Dropped = WireText.Text(drop, "why");
        }
        Asks.AddRange(WireText.Objects(reply, "asks"));
        HandleCancels(WireText.Objects(reply, "cancel"));
        HandleEnvelopes(WireText.Objects(reply, "commands"));
    }

    public void HandleCancels(IEnumerable<JsonObject> cancels)
    {
        foreach (var cancel in cancels)
        {
            if (WireText.Text(cancel, "epoch") != Epoch)
            {
                Ignored.Add(cancel);
                continue;
            }
            var uid = Guid.Parse(WireText.Text(cancel, "uid"));
            if (!journal.TryGetValue(uid, out var entry))
                Keep(entry = new WireEntry { Uid = uid, Command = new DeliveredCommand(0, uid, 0, "", []) });
            if (entry.State == "received")
                Finish(entry, WireText.Text(cancel, "why"), "withdrawn before it started");
        }
    }

    public void HandleEnvelopes(IEnumerable<JsonObject> envelopes)
    {
        foreach (var envelope in envelopes)
        {
            HandedOut.Add(WireText.Number(envelope, "id"));
            if (WireText.Text(envelope, "epoch") != Epoch)
            {
                Ignored.Add(envelope);
                continue;
            }
            var uid = Guid.Parse(WireText.Text(envelope, "uid"));
            if (journal.TryGetValue(uid, out var known))
            {
                known.HandOuts++;
                known.Attempt = (int)WireText.Number(envelope, "attempt");
                known.Recorded = false;
                continue;
            }
            Accept(envelope, uid);
        }
    }

    /// <summary>The oldest command that is received, not started, and not taken before.</summary>
    public WireEntry? TakeNext()
    {
        var next = order.FirstOrDefault(e => e is { State: "received", Taken: false });
        if (next is not null)
            next.Taken = true;
        return next;
    }

    public void Start(WireEntry entry) => (entry.State, Position) = ("started", Position + 1);

    /// <summary>Ends an entry; the first result stays.</summary>
    public void Finish(WireEntry entry, string outcome, string message, JsonNode? data = null)
    {
        if (entry.Result is not null)
            return;
        var ran = outcome is "executed" or "failed" or "unknown";
        entry.State = "finished";
        Position++;
        entry.Result = new JsonObject
        {
            ["uid"] = entry.Uid.ToString(),
            ["attempt"] = Math.Max(1, entry.Attempt),
            ["outcome"] = outcome,
            ["message"] = message,
            ["data"] = data?.DeepClone(),
            ["started_at"] = ran && HubTime is { } now ? WireText.Time(now) : null,
            ["finished_at"] = HubTime is { } end ? WireText.Time(end) : null,
            ["verified"] = outcome == "executed" && entry.IsNetwork ? true : null,
        };
    }

    private void Accept(JsonObject envelope, Guid uid)
    {
        var (payload, fault) = WirePayload.Open(envelope, Identity);
        var command = new DeliveredCommand(WireText.Number(envelope, "id"), uid, (int)WireText.Number(envelope, "attempt"),
            payload?["command"]?.GetValue<string>() ?? "", payload?["params"] as JsonObject ?? []);
        var entry = new WireEntry { Uid = uid, Command = command, Attempt = command.Attempt!.Value, Seq = payload is null ? 0 : WireText.Number(payload, "seq") };
        Keep(entry);
        if (fault is not null)
        {
            Finish(entry, "rejected", fault);
            return;
        }
        HighestSeq = Math.Max(HighestSeq, entry.Seq);
        toldReceived.Add(uid);
        if (!entry.IsNetwork)
            return;
        if (entry.Seq < NetworkMark)
        {
            Finish(entry, "superseded", "a newer network command is known");
            return;
        }
        foreach (var older in order.Where(e => e.IsNetwork && e.State == "received" && e.Seq < entry.Seq))
            Finish(older, "superseded", "a newer network command came");
        NetworkMark = entry.Seq;
    }

    private void Keep(WireEntry entry)
    {
        journal.Add(entry.Uid, entry);
        order.Add(entry);
        Position++;
    }

    private static JsonObject Line(WireEntry entry, params (string Name, string Value)[] more)
    {
        var line = new JsonObject { ["uid"] = entry.Uid.ToString(), ["attempt"] = Math.Max(1, entry.Attempt) };
        foreach (var (name, value) in more)
            line[name] = value;
        return line;
    }

    private static JsonArray List(IEnumerable<JsonNode> items) => new([.. items]);

    private static string NewId() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
