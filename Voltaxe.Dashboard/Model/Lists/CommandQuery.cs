using System.Globalization;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Looks;

namespace Voltaxe.Dashboard.Model.Lists;

/// <summary>What the address of the commands page says: tab, filters, where in the list.</summary>
public sealed record CommandQuery
{
    public const int DefaultSize = 50;

    public bool History { get; init; }
    public string Host { get; init; } = "";
    public CommandStatus? Status { get; init; }
    public string Command { get; init; } = "";
    public string CreatedBy { get; init; } = "";
    /// <summary>The opaque mark of the page before; empty on the first, which is live.</summary>
    public string After { get; init; } = "";
    public int Size { get; init; } = DefaultSize;

    public bool Filtered => Host.Length + Command.Length + CreatedBy.Length > 0 || Status is not null;

    /// <summary>The states that the tab can show; the status filter chooses among them.</summary>
    public IReadOnlyList<CommandStatus> States => History ? StatusLook.Ended : StatusLook.Open;

    public static CommandQuery Of(string? tab, string? host, string? status, string? command, string? createdBy, string? after, string? size)
    {
        var known = Words.TryParse<CommandStatus>(status, out var parsed);
        // A link that names an end means the history, with or without its tab.
        var history = tab == "history" || (tab != "pending" && known && !StatusLook.IsOpen(parsed));
        return new()
        {
            History = history,
            Host = Cap(host, 253),
            Status = known && StatusLook.IsOpen(parsed) != history ? parsed : null,
            Command = CommandNames.All.Contains(command) ? command! : "",
            CreatedBy = Cap(createdBy, 100),
            After = Cap(after, 500),
            Size = Paging.SizeOf(size, DefaultSize),
        };
    }

    public CommandFilter ToFilter() => new()
    {
        Host = Filled(Host),
        Status = Status is { } one ? [one] : States,
        Command = Filled(Command),
        CreatedBy = Filled(CreatedBy),
    };

    /// <summary>For the address; what is at its default is left out.</summary>
    public IReadOnlyDictionary<string, object?> ToParameters() => new Dictionary<string, object?>
    {
        ["tab"] = History ? "history" : null,
        ["host"] = Filled(Host),
        ["status"] = Status is { } one ? Words.Of(one) : null,
        ["command"] = Filled(Command),
        ["created_by"] = Filled(CreatedBy),
        ["after"] = Filled(After),
        ["size"] = Size == DefaultSize ? null : Size.ToString(CultureInfo.InvariantCulture),
    };

    private static string? Filled(string text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static string Cap(string? text, int max) => text is null ? "" : text.Length > max ? text[..max] : text;
}
