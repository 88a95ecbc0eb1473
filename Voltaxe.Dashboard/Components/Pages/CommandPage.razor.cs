using System.Globalization;
using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Live;
using Voltaxe.Dashboard.Model.Progress;

namespace Voltaxe.Dashboard.Components.Pages;

/// <summary>One command: how far it is, what was ordered, what came back.</summary>
public sealed partial class CommandPage
{
    private LiveFeed<CommandView>? feed;
    private CommandView? command;
    private bool looked;
    private long? followed;
    private FeedState lastState;

    [Parameter] public long Id { get; set; }

    protected override async Task OnParametersSetAsync()
    {
        if (followed == Id)
            return;
        followed = Id;
        Unfollow(feed);
        (feed, command, looked, lastState) = (null, null, false, FeedState.Loading);
        var wanted = Id;
        var found = await Hub.FindCommandAsync(wanted, Gone);
        if (wanted != Id)
            return;
        (command, looked) = (found, true);
        if (found is not null)
            feed = FollowCommands(new() { Host = found.Host, Command = found.Command }, 1, LiveFeedOptions.Prompt, Changed);
    }

    private void Changed()
    {
        if (feed!.Rows.TryGet(Id.ToString(CultureInfo.InvariantCulture), out var row))
            Take(row);
        // What happened between looking it up and the view being open is in neither: look once more.
        if (feed.State == FeedState.Live && lastState != FeedState.Live)
            _ = InvokeAsync(LookAgainAsync);
        lastState = feed.State;
        // Other commands of the host pass by here too; the list is not shown.
        feed.Rows.Trim(1, c => c.Id == Id);
        StateHasChanged();
    }

    private async Task LookAgainAsync()
    {
        try
        {
            if (await Hub.FindCommandAsync(Id, Gone) is { } found)
                Take(found);
        }
        catch (OperationCanceledException)
        {
            // The page was left; there is nothing to show it on.
        }
        StateHasChanged();
    }

    private void Take(CommandView row)
    {
        if (row.Id == Id && (command is null || !CommandFreshness.IsOlder(row, command)))
            command = row;
    }
}
