using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Live;
using Voltaxe.Dashboard.Model.Ordering;

namespace Voltaxe.Dashboard.Components.Parts.Tables;

/// <summary>The newest evidence of one host or one command, live. Keyed by what it is of: it follows one filter.</summary>
public sealed partial class EvidencePanel
{
    private const int Most = 20;
    private readonly string headId = $"evidence-{Guid.NewGuid():N}";
    private LiveFeed<EvidenceView>? feed;

    [Parameter, EditorRequired] public EvidenceFilter Filter { get; set; } = new();
    [Parameter] public bool ShowHost { get; set; } = true;
    /// <summary>Where the rest is, when there is more than is shown.</summary>
    [Parameter] public string? MoreHref { get; set; }

    private IReadOnlyList<EvidenceView> Rows { get; set; } = [];

    protected override async Task OnInitializedAsync()
    {
        await base.OnInitializedAsync();
        feed = FollowEvidence(Filter, Most, LiveFeedOptions.Calm, Changed);
    }

    private void Changed()
    {
        feed!.Rows.Trim(Most, e => e.Id);
        Rows = [.. feed.Rows.All.OrderByDescending(e => e.Id, StringComparer.Ordinal)];
        StateHasChanged();
    }
}
