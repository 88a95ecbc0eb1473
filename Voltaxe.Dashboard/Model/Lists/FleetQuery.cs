using System.Globalization;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Looks;

namespace Voltaxe.Dashboard.Model.Lists;

/// <summary>What the address of the fleet page says: search, filters, order, page. Words that are not known count as absent.</summary>
public sealed record FleetQuery
{
    public const int DefaultSize = 50;
    public const string DriftWord = "drift";

    public string Search { get; init; } = "";
    public Presence? Presence { get; init; }
    public Containment? Containment { get; init; }
    public bool DriftOnly { get; init; }
    /// <summary>Hosts whose agents only pretend: they count under no containment.</summary>
    public bool DryRunOnly { get; init; }
    public string Os { get; init; } = "";
    public FleetSort Sort { get; init; } = FleetSort.Host;
    public bool Descending { get; init; }
    public int Page { get; init; } = 1;
    public int Size { get; init; } = DefaultSize;

    public bool Filtered => this with { Sort = FleetSort.Host, Descending = false, Page = 1, Size = DefaultSize } != new FleetQuery();

    public static FleetQuery Of(string? q, string? presence, string? containment, string? os, string? sort, string? page, string? size)
    {
        var descending = sort?.StartsWith('-') == true;
        return new()
        {
            Search = Cap(q),
            Presence = Words.TryParse<Presence>(presence, out var p) ? p : null,
            Containment = Words.TryParse<Containment>(containment, out var c) ? c : null,
            DriftOnly = containment == DriftWord,
            DryRunOnly = containment == ContainmentLook.DryRunMark,
            Os = Cap(os),
            Sort = Words.TryParse<FleetSort>(descending ? sort![1..] : sort, out var s) ? s : FleetSort.Host,
            Descending = descending,
            Page = Paging.PageOf(page),
            Size = Paging.SizeOf(size, DefaultSize),
        };
    }

    /// <summary>For the address; what is at its default is left out.</summary>
    public IReadOnlyDictionary<string, object?> ToParameters() => new Dictionary<string, object?>
    {
        ["q"] = Search.Length == 0 ? null : Search,
        ["presence"] = Presence is { } p ? Words.Of(p) : null,
        ["containment"] = DriftOnly ? DriftWord : DryRunOnly ? ContainmentLook.DryRunMark : Containment is { } c ? Words.Of(c) : null,
        ["os"] = Os.Length == 0 ? null : Os,
        ["sort"] = Sort == FleetSort.Host && !Descending ? null : (Descending ? "-" : "") + Words.Of(Sort),
        ["page"] = Page == 1 ? null : Page.ToString(CultureInfo.InvariantCulture),
        ["size"] = Size == DefaultSize ? null : Size.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>The other direction on the same column, ascending on a new one; always from the first page.</summary>
    public FleetQuery SortedBy(FleetSort sort) => this with { Sort = sort, Descending = Sort == sort && !Descending, Page = 1 };

    private static string Cap(string? text) => text is null ? "" : text.Length > 100 ? text[..100] : text;
}

public enum FleetSort { Host, Presence, Containment, Os, Version, LastSeen, InFlight }
