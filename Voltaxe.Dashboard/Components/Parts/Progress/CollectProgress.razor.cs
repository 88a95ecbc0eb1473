using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Live;

namespace Voltaxe.Dashboard.Components.Parts.Progress;

/// <summary>What a running collection said last of how far it is. Nothing until it says something. Keyed by its command: it follows one.</summary>
public sealed partial class CollectProgress
{
    private LiveFeed<ProgressView>? feed;

    [Parameter, EditorRequired] public long CommandId { get; set; }

    private ProgressView? Said => feed?.Rows.All.FirstOrDefault();

    protected override async Task OnInitializedAsync()
    {
        await base.OnInitializedAsync();
        feed = FollowProgress(CommandId);
    }
}
