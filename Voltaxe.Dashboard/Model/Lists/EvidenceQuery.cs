using System.Globalization;
using Voltaxe.Contracts.Operators;

namespace Voltaxe.Dashboard.Model.Lists;

/// <summary>What the address of the evidence page says: filters, where in the list.</summary>
public sealed record EvidenceQuery
{
    public const int DefaultSize = 50;

    public string Host { get; init; } = "";
    public long? Command { get; init; }
    /// <summary>The opaque mark of the page before; empty on the first, which is live.</summary>
    public string After { get; init; } = "";
    public int Size { get; init; } = DefaultSize;

    public bool Filtered => Host.Length > 0 || Command is not null;

    public static EvidenceQuery Of(string? host, string? command, string? after, string? size) => new()
    {
        Host = Cap(host, 253),
        Command = NumberOf(command),
        After = Cap(after, 500),
        Size = Paging.SizeOf(size, DefaultSize),
    };

    /// <summary>"17" and "#17"; anything else is no command.</summary>
    public static long? NumberOf(string? text) =>
        long.TryParse(text?.Trim().TrimStart('#'), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    public EvidenceFilter ToFilter() => new() { Host = Host.Length > 0 ? Host : null, Command = Command };

    /// <summary>For the address; what is at its default is left out.</summary>
    public IReadOnlyDictionary<string, object?> ToParameters() => new Dictionary<string, object?>
    {
        ["host"] = Host.Length > 0 ? Host : null,
        ["command"] = Command?.ToString(CultureInfo.InvariantCulture),
        ["after"] = After.Length > 0 ? After : null,
        ["size"] = Size == DefaultSize ? null : Size.ToString(CultureInfo.InvariantCulture),
    };

    private static string Cap(string? text, int max) => text is null ? "" : (text.Length > max ? text[..max] : text).Trim();
}
