using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Json;
using Voltaxe.Dashboard.Model.Lists;

namespace Voltaxe.Dashboard.Components.Parts.Tables;

/// <summary>Search and filters of the fleet. Each change is a new address; nothing is kept here but what is being typed.</summary>
public sealed partial class FleetFilters
{
    private string search = "";
    private string told = "";

    [Parameter, EditorRequired] public FleetQuery Query { get; set; } = null!;
    [Parameter, EditorRequired] public IReadOnlyList<string> Systems { get; set; } = [];
    [Parameter] public EventCallback<FleetQuery> OnChange { get; set; }

    private string ContainmentWord => Query.DriftOnly ? "drift" : Query.Containment is { } c ? Words.Of(c) : "";

    /// <summary>The address wins, unless it is only the echo of what was typed: the next letter may already be there.</summary>
    protected override void OnParametersSet()
    {
        if (Query.Search != told)
            search = told = Query.Search;
    }

    private Task SearchChanged(ChangeEventArgs e)
    {
        search = (string?)e.Value ?? "";
        return Submit();
    }

    private Task Submit()
    {
        var next = Query with { Search = search.Length > 100 ? search[..100] : search, Page = 1 };
        told = next.Search;
        return OnChange.InvokeAsync(next);
    }

    private Task Clear()
    {
        search = told = "";
        return OnChange.InvokeAsync(new FleetQuery { Sort = Query.Sort, Descending = Query.Descending, Size = Query.Size });
    }

    private Task Change(string? presence = null, string? containment = null, string? os = null)
    {
        var words = FleetQuery.Of(search, presence ?? (Query.Presence is { } p ? Words.Of(p) : null), containment ?? ContainmentWord, os ?? Query.Os, null, null, null);
        return OnChange.InvokeAsync(words with { Sort = Query.Sort, Descending = Query.Descending, Size = Query.Size });
    }
}
