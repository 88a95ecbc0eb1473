using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Json;
using Voltaxe.Dashboard.Model.Lists;
using Voltaxe.Dashboard.Model.Looks;

namespace Voltaxe.Dashboard.Components.Parts.Tables;

/// <summary>Search and filters of the fleet. Each change is a new address; nothing is kept here but what is being typed.</summary>
public sealed partial class FleetFilters
{
    private string search = "", address = "";
    private readonly List<string> told = [];

    [Parameter, EditorRequired] public FleetQuery Query { get; set; } = null!;
    [Parameter, EditorRequired] public IReadOnlyList<string> Systems { get; set; } = [];
    [Parameter] public EventCallback<FleetQuery> OnChange { get; set; }
    /// <summary>A letter more or less in the search.</summary>
    [Parameter] public EventCallback<FleetQuery> OnTyped { get; set; }

    private string ContainmentWord => Query.DriftOnly ? FleetQuery.DriftWord : Query.DryRunOnly ? ContainmentLook.DryRunMark : Query.Containment is { } c ? Words.Of(c) : "";

    /// <summary>
    /// The address wins, unless it is only the late echo of what was typed: while "w" travels to the browser and back, "we" and
    /// "web" are already there and must not be taken away again.
    /// </summary>
    protected override void OnParametersSet()
    {
        // Drawn again for another reason: the address has not moved, so it has nothing to say.
        if (Query.Search == address)
            return;
        address = Query.Search;
        var echo = told.LastIndexOf(Query.Search);
        if (echo >= 0)
        {
            told.RemoveRange(0, echo + 1);
            return;
        }
        told.Clear();
        search = Query.Search;
    }

    private Task Submit()
    {
        var next = Query with { Search = search.Length > 100 ? search[..100] : search, Page = 1 };
        if (next.Search != Query.Search || told.Count > 0)
            told.Add(next.Search);
        return OnTyped.InvokeAsync(next);
    }

    private Task Clear()
    {
        search = "";
        told.Clear();
        return OnChange.InvokeAsync(new FleetQuery { Sort = Query.Sort, Descending = Query.Descending, Size = Query.Size });
    }

    private Task Change(string? presence = null, string? containment = null, string? os = null)
    {
        var words = FleetQuery.Of(search, presence ?? (Query.Presence is { } p ? Words.Of(p) : null), containment ?? ContainmentWord, os ?? Query.Os, null, null, null);
        return OnChange.InvokeAsync(words with { Sort = Query.Sort, Descending = Query.Descending, Size = Query.Size });
    }
}
