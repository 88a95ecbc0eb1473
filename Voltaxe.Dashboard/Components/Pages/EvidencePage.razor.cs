using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Live;
using Voltaxe.Dashboard.Model.Lists;

namespace Voltaxe.Dashboard.Components.Pages;

/// <summary>All evidence: the first page is live, the older ones stand still.</summary>
public sealed partial class EvidencePage
{
    private LiveFeed<EvidenceView>? feed;
    private EvidenceQuery? followed;
    private string? next;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "host")] private string? HostWord { get; set; }
    [SupplyParameterFromQuery(Name = "command")] private string? CommandWord { get; set; }
    [SupplyParameterFromQuery(Name = "after")] private string? AfterWord { get; set; }
    [SupplyParameterFromQuery(Name = "size")] private string? SizeWord { get; set; }

    private EvidenceQuery Query { get; set; } = new();

    /// <summary>Null while loading.</summary>
    private IReadOnlyList<EvidenceView>? Rows { get; set; }

    private bool More => Query.After.Length > 0 ? next is not null : Rows?.Count >= Query.Size;

    protected override async Task OnParametersSetAsync()
    {
        Query = EvidenceQuery.Of(HostWord, CommandWord, AfterWord, SizeWord);
        if (Query == followed)
            return;
        followed = Query;
        Rows = null;
        Unfollow(feed);
        feed = null;
        if (Query.After.Length == 0)
            feed = FollowEvidence(Query.ToFilter(), Query.Size, LiveFeedOptions.Calm, Changed);
        else
            await LoadAsync(Query);
    }

    private async Task LoadAsync(EvidenceQuery wanted)
    {
        var page = await Evidence.ListEvidenceAsync(wanted.ToFilter(), wanted.Size, wanted.After, Gone);
        // Somebody may have clicked on meanwhile.
        if (wanted == Query)
            (Rows, next) = (page.Items, page.Next);
    }

    private void Changed()
    {
        if (feed!.State == FeedState.Live || Rows is not null)
        {
            feed.Rows.Trim(Query.Size, e => e.Id);
            Rows = [.. feed.Rows.All.OrderByDescending(e => e.Id, StringComparer.Ordinal)];
        }
        StateHasChanged();
    }

    /// <summary>The mark of the first page is asked for now: while the page was live, its end has moved.</summary>
    private async Task OlderAsync()
    {
        var after = Query.After.Length > 0 ? next : (await Evidence.ListEvidenceAsync(Query.ToFilter(), Query.Size, null, Gone)).Next;
        if (after is not null)
            Navigation.NavigateTo(Address(Query with { After = after }));
    }

    private void Go(EvidenceQuery query) => Navigation.NavigateTo(Address(query with { After = "" }));

    private string Address(EvidenceQuery query) => Navigation.GetUriWithQueryParameters("evidence", query.ToParameters());

    private static string Text(ChangeEventArgs e) => ((string?)e.Value)?.Trim() ?? "";
}
