using System.Globalization;
using System.Text.Json.Nodes;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Agent.Evidence;

/// <summary>What became of one item: every piece that was taken, and every one that was not, with the reason.</summary>
internal sealed class EvidenceItem(string name, int maxParts, DateTimeOffset began)
{
    private const int MaxNameChars = 80, MaxTextChars = 4_000, MaxShownChars = 300, Shown = 10;

    private readonly List<JsonObject> parts = [], omitted = [];
    private readonly HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
    private readonly SortedDictionary<string, int> counts = new(StringComparer.Ordinal);
    private readonly List<string> faults = [];
    private DateTimeOffset? ended;
    private int notListed, leftOut;

    public string Name => name;
    public long Bytes { get; private set; }
    public bool IsFull => parts.Count >= maxParts;
    public bool HasAnything => parts.Any(p => p.ContainsKey("path"));

    /// <summary><c>complete</c>; <c>partial</c>: something of it is missing that is there on the host; <c>failed</c>: all of it.</summary>
    public string Status => !HasAnything ? "failed" : faults.Count + leftOut + Count("error") + Count("cut") > 0 ? "partial" : "complete";

    /// <summary>A name below the item's own folder: letters, digits and <c>._-</c>, unique also where case does not count.</summary>
    public string NameFor(string wanted)
    {
        var plain = new string([.. wanted.Take(MaxNameChars).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '_')]);
        if (plain.Length == 0 || plain[0] is '.' or '-')
            plain = "_" + plain;
        var unique = plain;
        for (var number = parts.Count; !names.Add(unique); number++)
            unique = string.Create(CultureInfo.InvariantCulture, $"{number:D5}-{plain}");
        return $"{name}/{unique}";
    }

    public void Add(string? path, string source, string how, EvidencePart part, string? error)
    {
        var status = error is not null ? "error" : part.WhyCut is not null ? "cut" : "taken";
        var entry = new JsonObject { ["status"] = status };
        if (path is not null)
            (entry["path"], entry["bytes"], entry["sha256"]) = (path, part.Bytes, part.Sha256);
        (entry["source"], entry["how"]) = (Short(source), how);
        if (part.WhyCut is { } cut)
            entry["cut"] = cut;
        if (error is not null)
            entry["error"] = Short(error);
        if (part.Facts.Count > 0)
            entry["facts"] = part.Facts;
        parts.Add(entry);
        Bytes += part.Bytes;
        Tally(status);
    }

    public void Omit(string source, Omission what, string why)
    {
        var status = what switch
        {
            Omission.Refused => "refused",
            Omission.Absent => "absent",
            _ => "error",
        };
        Tally(status);
        if (omitted.Count >= maxParts)
        {
            notListed++;
            return;
        }
        omitted.Add(new JsonObject { ["status"] = status, ["source"] = Short(source), ["why"] = Short(why) });
    }

    /// <summary>One piece more than an item may have.</summary>
    public void LeaveOut() => leftOut++;

    /// <summary>The item as a whole is not what it should be.</summary>
    public void Fail(string why) => faults.Add(why);

    public void End(DateTimeOffset at)
    {
        ended = at;
        if (leftOut > 0)
            faults.Add($"{leftOut} piece(s) left out: more than {maxParts}");
        else if (!HasAnything && faults.Count == 0)
            faults.Add(Count("error") > 0 ? "none of it could be read" : "this host has nothing of it");
    }

    public JsonObject ToManifest()
    {
        var entry = Summary();
        entry["started_at"] = WireTime.ToText(WireTime.Truncate(began));
        entry["finished_at"] = ended is { } e ? WireTime.ToText(WireTime.Truncate(e)) : null;
        entry["pieces"] = Array(parts);
        entry["not_taken"] = Array(omitted);
        if (notListed > 0)
            entry["not_taken_not_listed"] = notListed;
        return entry;
    }

    /// <summary>For the result: what is in the manifest, with the first few pieces of either sort.</summary>
    public JsonObject ToResult()
    {
        var entry = Summary();
        entry["pieces"] = Array(parts.Where(IsFaulty).Concat(parts.Where(p => !IsFaulty(p))).Take(Shown).Select(Brief));
        // An absent file is no news; what could not be read or was refused is.
        entry["not_taken"] = Array(omitted.OrderBy(o => (string?)o["status"] switch { "error" => 0, "refused" => 1, _ => 2 }).Take(Shown).Select(Brief));
        return entry;
    }

    private JsonObject Summary()
    {
        var entry = new JsonObject { ["name"] = name, ["status"] = Status, ["bytes"] = Bytes };
        if (parts is [{ } only] && only["sha256"] is { } sha256)
            entry["sha256"] = sha256.DeepClone();
        entry["counts"] = new JsonObject(counts.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)JsonValue.Create(c.Value))));
        if (faults.Count > 0)
            entry["error"] = Short(string.Join("; ", faults));
        return entry;
    }

    private static bool IsFaulty(JsonObject part) => (string?)part["status"] != "taken";

    private static JsonObject Brief(JsonObject entry)
    {
        var brief = new JsonObject();
        foreach (var (key, value) in entry)
        {
            if (key is not ("how" or "facts") && value is not null)
                brief[key] = value.GetValueKind() == System.Text.Json.JsonValueKind.String ? Short((string)value!, MaxShownChars) : value.DeepClone();
        }
        return brief;
    }

    private static JsonArray Array(IEnumerable<JsonObject> entries) => new([.. entries.Select(e => (JsonNode)e)]);

    private int Count(string status) => counts.GetValueOrDefault(status);

    private void Tally(string status) => counts[status] = Count(status) + 1;

    private static string Short(string text, int max = MaxTextChars) => text.Length <= max ? text : text[..max] + "…";
}
