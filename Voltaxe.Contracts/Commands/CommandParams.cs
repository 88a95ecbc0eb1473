using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Voltaxe.Contracts.Commands;

/// <summary>Parameters of <c>network_isolate</c>.</summary>
/// <param name="DurationSeconds">60 to 2,592,000 (30 days), or null: until released.</param>
/// <param name="Allow">Up to 32 addresses or CIDR networks that stay reachable.</param>
public sealed record IsolateParams(int? DurationSeconds, IReadOnlyList<string> Allow);

/// <summary>Parameters of <c>kill_process</c>: the pid, and at least one of start time and name, so that a reused pid is never hit.</summary>
/// <param name="Pid">2 to 4,194,304.</param>
/// <param name="StartTime">The opaque string of the process list: boot id and start.</param>
/// <param name="Name">The process's name as the kernel tells it (at most 15 bytes there).</param>
public sealed record KillParams(int Pid, string? StartTime, string? Name);

/// <summary>Parameters of <c>collect_forensics</c>.</summary>
/// <param name="Collect">Names of <see cref="CommandParams.Collectors"/>; empty means all that the agent has.</param>
public sealed record CollectParams(IReadOnlyList<string> Collect);

/// <summary>
/// Reads and checks the parameters of a command. The hub asks it before queueing, the agent again before acting:
/// both refuse what the other would refuse. Unknown fields are refused.
/// </summary>
public static partial class CommandParams
{
    /// <summary>How large the parameters may be, in bytes of JSON text.</summary>
    public const int MaxBytes = 16 * 1024;

    public const int MinDurationSeconds = 60, MaxDurationSeconds = 2_592_000, MaxAllow = 32, MinPid = 2, MaxPid = 4_194_304;

    private const int MaxNameChars = 255;

    /// <summary>What a collection can be asked for.</summary>
    public static IReadOnlyList<string> Collectors { get; } =
    [
        "processes", "sockets", "users", "sessions", "autoruns", "modules", "mounts", "temp_files",
        "network", "firewall", "logs", "packages",
    ];

    /// <summary>Faults by field (<c>params.pid</c>), empty when <paramref name="parameters"/> fit <paramref name="command"/>.</summary>
    public static IReadOnlyDictionary<string, string[]> Check(string command, JsonElement? parameters)
    {
        var faults = new Faults();
        _ = command switch
        {
            CommandNames.NetworkIsolate => (object?)Isolate(parameters, faults),
            CommandNames.NetworkRestore => Restore(parameters, faults),
            CommandNames.KillProcess => Kill(parameters, faults),
            CommandNames.CollectForensics => Collect(parameters, faults),
            _ => faults.Add("command", $"must be one of {string.Join(", ", CommandNames.All)}"),
        };
        return faults.ByField;
    }

    /// <exception cref="FormatException">The parameters do not fit; <see cref="Check"/> says why.</exception>
    public static IsolateParams ReadIsolate(JsonElement? parameters) => Read(parameters, Isolate);

    /// <inheritdoc cref="ReadIsolate"/>
    public static KillParams ReadKill(JsonElement? parameters) => Read(parameters, Kill);

    /// <inheritdoc cref="ReadIsolate"/>
    public static CollectParams ReadCollect(JsonElement? parameters) => Read(parameters, Collect);

    private static T Read<T>(JsonElement? parameters, Func<JsonElement?, Faults, T?> reader) where T : class
    {
        var faults = new Faults();
        var read = reader(parameters, faults);
        return read is not null && faults.ByField.Count == 0 ? read : throw new FormatException(faults.ToString());
    }

    private static IsolateParams? Isolate(JsonElement? parameters, Faults faults)
    {
        int? duration = null;
        IReadOnlyList<string> allow = [];
        foreach (var (name, value) in Fields(parameters, faults, "duration_seconds", "allow"))
        {
            if (name == "duration_seconds")
                duration = Integer(value, "params.duration_seconds", MinDurationSeconds, MaxDurationSeconds, faults);
            else
                allow = Texts(value, "params.allow", MaxAllow, IsAddressOrNetwork, "must be an IP address or a CIDR network, as 10.1.0.0/16", faults);
        }
        return new IsolateParams(duration, allow);
    }

    private static object? Restore(JsonElement? parameters, Faults faults)
    {
        foreach (var _ in Fields(parameters, faults)) { }
        return null;
    }

    private static KillParams? Kill(JsonElement? parameters, Faults faults)
    {
        int? pid = null;
        string? start = null, processName = null;
        foreach (var (name, value) in Fields(parameters, faults, "pid", "start_time", "name"))
        {
            switch (name)
            {
                case "pid": pid = Integer(value, "params.pid", MinPid, MaxPid, faults); break;
                case "start_time": start = Text(value, "params.start_time", 128, faults); break;
                default: processName = ProcessName(value, faults); break;
            }
        }
        if (pid is null && !faults.Has("params.pid"))
            faults.Add("params.pid", "is required");
        if (start is null && processName is null && !faults.Has("params.start_time") && !faults.Has("params.name"))
            faults.Add("params.start_time", "start_time or name is required: a pid alone may have been reused");
        return pid is { } p ? new KillParams(p, start, processName) : null;
    }

    private static CollectParams? Collect(JsonElement? parameters, Faults faults)
    {
        IReadOnlyList<string> collect = [];
        foreach (var (_, value) in Fields(parameters, faults, "collect"))
            collect = Texts(value, "params.collect", Collectors.Count, Collectors.Contains, $"must be one of {string.Join(", ", Collectors)}", faults);
        return new CollectParams([.. collect.Distinct(StringComparer.Ordinal)]);
    }

    private static IEnumerable<(string Name, JsonElement Value)> Fields(JsonElement? parameters, Faults faults, params string[] known)
    {
        if (parameters is not { } json || json.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
            yield break;
        if (json.ValueKind != JsonValueKind.Object)
        {
            faults.Add("params", "must be an object");
            yield break;
        }
        if (json.GetRawText().Length > MaxBytes)
        {
            faults.Add("params", $"must be at most {MaxBytes} bytes");
            yield break;
        }
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in json.EnumerateObject())
        {
            var name = TryGetName(property);
            if (name is null || !known.Contains(name))
                faults.Add(SafeField(name ?? ""), "is not known");
            else if (!seen.Add(name))
                faults.Add("params." + name, "is given twice");
            else if (property.Value.ValueKind != JsonValueKind.Null)
                yield return (name, property.Value);
        }
    }

    private static string SafeField(string name) =>
        PlainName().IsMatch(name) ? "params." + name : "params";

    private static int? Integer(JsonElement value, string field, int min, int max, Faults faults)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max)
            return number;
        faults.Add(field, $"must be a whole number from {min} to {max}");
        return null;
    }

    private static string? Text(JsonElement value, string field, int max, Faults faults)
    {
        if (value.ValueKind == JsonValueKind.String && TryGetString(value) is { Length: > 0 } text && text.Length <= max && !text.Any(char.IsControl))
            return text;
        faults.Add(field, $"must be text of 1 to {max} characters, without control characters");
        return null;
    }

    /// <summary>A process may call itself anything, nothing and control characters included; only a byte 0 ends every name.</summary>
    private static string? ProcessName(JsonElement value, Faults faults)
    {
        if (value.ValueKind == JsonValueKind.String && TryGetString(value) is { Length: <= MaxNameChars } text && !text.Contains('\0', StringComparison.Ordinal))
            return text;
        faults.Add("params.name", $"must be text of at most {MaxNameChars} characters, without U+0000");
        return null;
    }

    private static IReadOnlyList<string> Texts(JsonElement value, string field, int max, Func<string, bool> fits, string rule, Faults faults)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            faults.Add(field, "must be a list");
            return [];
        }
        if (value.GetArrayLength() > max)
        {
            faults.Add(field, $"must have at most {max} entries");
            return [];
        }
        var texts = new List<string>();
        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.String && TryGetString(item) is { } text && fits(text))
                texts.Add(text);
            else
                faults.Add($"{field}[{index}]", rule);
            index++;
        }
        return texts;
    }

    /// <summary>Null where the text holds half a surrogate pair, which JSON can say and UTF-8 cannot.</summary>
    private static string? TryGetString(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>As <see cref="TryGetString"/>, for the name of a field.</summary>
    private static string? TryGetName(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>True for <c>192.0.2.7</c>, <c>2001:db8::1</c>, <c>10.0.0.0/8</c>, <c>2001:db8::/32</c>; false for short forms such as <c>10.1</c> and for zone ids.</summary>
    public static bool IsAddressOrNetwork(string text)
    {
        // The framework also reads "[::1]:80"; no firewall does.
        if (text.Length > 49 || text.AsSpan().ContainsAny('%', '[', ']'))
            return false;
        var slash = text.IndexOf('/');
        var address = slash < 0 ? text : text[..slash];
        if (!IPAddress.TryParse(address, out var parsed))
            return false;
        if (parsed.AddressFamily == AddressFamily.InterNetwork && !DottedQuad().IsMatch(address))
            return false;
        return slash < 0 || IPNetwork.TryParse(text, out _);
    }

    [GeneratedRegex(@"^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$")]
    private static partial Regex DottedQuad();

    [GeneratedRegex("^[A-Za-z0-9_]{1,64}$")]
    private static partial Regex PlainName();

    private sealed class Faults
    {
        private readonly Dictionary<string, List<string>> byField = new(StringComparer.Ordinal);

        public IReadOnlyDictionary<string, string[]> ByField => byField.ToDictionary(p => p.Key, p => p.Value.ToArray(), StringComparer.Ordinal);

        public bool Has(string field) => byField.ContainsKey(field);

        public object? Add(string field, string text)
        {
            if (!byField.TryGetValue(field, out var texts))
                byField[field] = texts = [];
            texts.Add(text);
            return null;
        }

        public override string ToString() => string.Join("; ", byField.Select(p => $"{p.Key} {string.Join(", ", p.Value)}"));
    }
}
