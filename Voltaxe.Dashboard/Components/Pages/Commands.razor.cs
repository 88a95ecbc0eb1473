using System.Globalization;
using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Live;
using Voltaxe.Dashboard.Model.Lists;
using Voltaxe.Dashboard.Model.Progress;

namespace Voltaxe.Dashboard.Components.Pages;

/// <summary>The list of commands: the first page is live, the older ones are history and stand still.</summary>
public sealed partial class Commands
{
    private LiveFeed<CommandView>? feed;
    private CommandQuery? followed;
    private bool wasFull;
    private string? next;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "tab")] private string? TabWord { get; set; }
    [SupplyParameterFromQuery(Name = "host")] private string? HostWord { get; set; }
    [SupplyParameterFromQuery(Name = "status")] private string? StatusWord { get; set; }
    [SupplyParameterFromQuery(Name = "command")] private string? CommandWord { get; set; }
    [SupplyParameterFromQuery(Name = "created_by")] private string? CreatedByWord { get; set; }
    [SupplyParameterFromQuery(Name = "after")] private string? AfterWord { get; set; }
    [SupplyParameterFromQuery(Name = "size")] private string? SizeWord { get; set; }

    private CommandQuery Query { get; set; } = new();

    /// <summary>Null while loading.</summary>
    private IReadOnlyList<CommandView>? Rows { get; set; }

    private bool More => Query.After.Length > 0 ? next is not null : Rows?.Count >= Query.Size;

    protected override async Task OnParametersSetAsync()
    {
        Query = CommandQuery.Of(TabWord, HostWord, StatusWord, CommandWord, CreatedByWord, AfterWord, SizeWord);
        if (Query == followed)
            return;
        followed = Query;
        Rows = null;
        Unfollow(feed);
        feed = null;
        if (Query.After.Length == 0)
            Follow();
        else
            await LoadAsync(Query);
    }

    private void Follow()
    {
        wasFull = false;
        feed = FollowCommands(Query.ToFilter(), Query.Size, LiveFeedOptions.Calm, Changed);
    }

    private async Task LoadAsync(CommandQuery wanted)
    {
        var page = await Hub.ListCommandsAsync(wanted.ToFilter(), wanted.Size, wanted.After, Gone);
        // Somebody may have clicked on meanwhile.
        if (wanted == Query)
            (Rows, next) = (page.Items, page.Next);
    }

    private void Changed()
    {
        if (feed!.State == FeedState.Live || Rows is not null)
        {
            feed.Rows.Trim(Query.Size, c => c.Id);
            Rows = [.. feed.Rows.All.OrderByDescending(c => c.Id)];
        }
        // Rows that end leave the pending tab, and older ones that were not sent would belong in their place.
        if (wasFull && Rows?.Count <= Query.Size / 2)
        {
            Unfollow(feed);
            Follow();
        }
        wasFull |= Rows?.Count >= Query.Size;
        StateHasChanged();
    }

    /// <summary>What the hub answered to a cancel, so that it shows without waiting for the stream.</summary>
    private void Merge(CommandView command)
    {
        if (feed is not null && feed.Rows.TryGet(Key(command.Id), out var known) && !CommandFreshness.IsOlder(command, known))
        {
            var fits = Query.ToFilter().Status!.Contains(command.Status);
            feed.Rows.Apply([new(Key(command.Id), fits ? command : null)]);
            Changed();
        }
    }

    /// <summary>The mark of the first page is asked for now: while the page was live, its end has moved.</summary>
    private async Task OlderAsync()
    {
        var after = Query.After.Length > 0 ? next : (await Hub.ListCommandsAsync(Query.ToFilter(), Query.Size, null, Gone)).Next;
        if (after is not null)
            Navigation.NavigateTo(Address(Query with { After = after }));
    }

    private void Go(CommandQuery query) => Navigation.NavigateTo(Address(query with { After = "" }));

    private string TabLink(bool history, bool filtered = true) =>
        Address((filtered ? Query : new CommandQuery()) with { History = history, Status = null, After = "" });

    private string Address(CommandQuery query) => Navigation.GetUriWithQueryParameters("commands", query.ToParameters());

    private static string Key(long id) => id.ToString(CultureInfo.InvariantCulture);
}
