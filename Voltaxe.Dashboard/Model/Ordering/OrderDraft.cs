using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;

namespace Voltaxe.Dashboard.Model.Ordering;

/// <summary>What a dialog has been told so far, and what is still wrong with it. The hub checks all of it again.</summary>
public sealed class OrderDraft(ActionKind kind, string host)
{
    public const int ReasonMin = 5, ReasonMax = 500, TicketMax = 100;

    public ActionKind Kind { get; } = kind;
    public string Host { get; } = host;
    public string? Reason { get; set; }
    public string? Ticket { get; set; }
    /// <summary>Seconds until the isolation ends by itself; null: until somebody restores.</summary>
    public int? DurationSeconds { get; set; }
    public string? Pid { get; set; }
    public string? ProcessName { get; set; }
    public string? StartTime { get; set; }
    public ISet<string> Collect { get; } = new SortedSet<string>(CommandParams.Collectors, StringComparer.Ordinal);

    /// <summary>Faults by field (<c>reason</c>, <c>params.pid</c>, …); empty when it can be sent.</summary>
    public IReadOnlyDictionary<string, string> Check()
    {
        var faults = new Dictionary<string, string>(StringComparer.Ordinal);
        if (ReasonFault(Reason) is { } fault)
            faults["reason"] = fault;
        if (Ticket?.Trim().Length > TicketMax)
            faults["ticket"] = $"At most {TicketMax} characters.";
        if (Kind == ActionKind.Collect && Collect.Count == 0)
            faults["params.collect"] = "Choose at least one thing to collect.";
        if (Kind == ActionKind.Kill && !int.TryParse(Pid?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out _))
            faults["params.pid"] = string.Create(CultureInfo.InvariantCulture,
                $"A process id is a whole number from {CommandParams.MinPid} to {CommandParams.MaxPid:N0}.");
        foreach (var (field, texts) in CommandParams.Check(Words.Command, Params()))
            faults.TryAdd(field, Sentence(texts[0]));
        return faults;
    }

    /// <summary>The order as the hub takes it.</summary>
    public NewCommands ToOrder() => new()
    {
        Command = Words.Command,
        Hosts = [Host],
        Params = Params(),
        Reason = Reason?.Trim(),
        Ticket = Filled(Ticket),
    };

    public static string? ReasonFault(string? reason) => (reason?.Trim().Length ?? 0) switch
    {
        < ReasonMin => $"Say why, in {ReasonMin} to {ReasonMax} characters. It is kept with the command.",
        > ReasonMax => $"At most {ReasonMax} characters.",
        _ => null,
    };

    private ActionWords Words => ActionWords.Of(Kind);

    private JsonElement Params()
    {
        var json = new JsonObject();
        if (Kind == ActionKind.Isolate && DurationSeconds is { } seconds)
            json["duration_seconds"] = seconds;
        if (Kind == ActionKind.Kill)
        {
            if (int.TryParse(Pid?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
                json["pid"] = pid;
            var start = Filled(StartTime);
            // Chosen from the list, the name goes as the list showed it: any blanks are the process's own.
            if ((start is null ? Filled(ProcessName) : ProcessName) is { } name)
                json["name"] = name;
            if (start is not null)
                json["start_time"] = start;
        }
        if (Kind == ActionKind.Collect && Collect.Count < CommandParams.Collectors.Count)
            json["collect"] = new JsonArray([.. Collect.Select(c => (JsonNode)c)]);
        return JsonElement.Parse(json.ToJsonString());
    }

    private static string? Filled(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static string Sentence(string fault) => char.ToUpperInvariant(fault[0]) + fault[1..] + (fault.EndsWith('.') ? "" : ".");
}
