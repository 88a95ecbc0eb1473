using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Live;
using Voltaxe.Dashboard.Model.Lists;
using Voltaxe.Dashboard.Model.Looks;
using Voltaxe.Dashboard.Model.Ordering;

namespace Voltaxe.Dashboard.Components.Pages;

/// <summary>Every host, with its two facts, live; isolate or restore from the row.</summary>
public sealed partial class Fleet
{
    private const int MostOpen = 1_000;

    // Started with the first parameters: by then it is known who is looking, and no button shows as forbidden for a moment.
    private LiveFeed<AgentView>? agents;
    private LiveFeed<CommandView>? open;
    private ILookup<string, CommandView> openByAgent = Enumerable.Empty<CommandView>().ToLookup(c => c.AgentId);
    private (AgentView Agent, ActionKind Kind)? asked;
    private FeedState drawnState;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "q")] private string? SearchWord { get; set; }
    [SupplyParameterFromQuery(Name = "presence")] private string? PresenceWord { get; set; }
    [SupplyParameterFromQuery(Name = "containment")] private string? ContainmentWord { get; set; }
    [SupplyParameterFromQuery(Name = "os")] private string? OsWord { get; set; }
    [SupplyParameterFromQuery(Name = "sort")] private string? SortWord { get; set; }
    [SupplyParameterFromQuery(Name = "page")] private string? PageWord { get; set; }
    [SupplyParameterFromQuery(Name = "size")] private string? SizeWord { get; set; }

    private FleetQuery Query { get; set; } = new();

    /// <summary>Null until the first snapshot.</summary>
    private FleetTable? Table { get; set; }

    private IReadOnlyList<string> Systems { get; set; } = [];

    protected override void OnParametersSet()
    {
        Query = FleetQuery.Of(SearchWord, PresenceWord, ContainmentWord, OsWord, SortWord, PageWord, SizeWord);
        agents ??= FollowAgents(AgentsChanged);
        open ??= FollowCommands(new() { Status = StatusLook.Open }, MostOpen, LiveFeedOptions.Calm, OpenChanged);
        if (Table is not null)
            Table = FleetTable.Of(agents.Rows.All, Query);
    }

    /// <summary>Most changes are about hosts on other pages: then there is nothing to draw.</summary>
    private void AgentsChanged()
    {
        var before = Table;
        // Lost before the first snapshot: nothing is known, which is not the same as an empty fleet.
        if (agents!.State == FeedState.Live || before is not null)
            Table = FleetTable.Of(agents.Rows.All, Query);
        if (before is not null && drawnState == agents.State && Table!.LooksLike(before))
            return;
        drawnState = agents.State;
        Systems = FleetTable.Systems(agents.Rows.All);
        StateHasChanged();
    }

    private void OpenChanged()
    {
        openByAgent = open!.Rows.All.ToLookup(c => c.AgentId, StringComparer.Ordinal);
        StateHasChanged();
    }

    private IReadOnlyList<CommandView> OpenOf(AgentView agent) => [.. openByAgent[agent.Id]];

    /// <summary>The host as it is now; as it was, if it went away while somebody was deciding.</summary>
    private AgentView Fresh(AgentView chosen) => agents is not null && agents.Rows.TryGet(chosen.Id, out var now) ? now : chosen;

    private void Sort(FleetSort by) => Go(Query.SortedBy(by));

    /// <summary>A filter, another order or another page is a step that Back takes back.</summary>
    private void Go(FleetQuery query) => Navigation.NavigateTo(Address(query));

    /// <summary>What is being typed is not a step a letter.</summary>
    private void Typed(FleetQuery query) => Navigation.NavigateTo(Address(query), replace: true);

    private string Address(FleetQuery query) => Navigation.GetUriWithQueryParameters(query.ToParameters());
}
