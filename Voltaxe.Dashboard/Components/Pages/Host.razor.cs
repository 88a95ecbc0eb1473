using System.Globalization;
using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Live;
using Voltaxe.Dashboard.Model.Looks;
using Voltaxe.Dashboard.Model.Progress;

namespace Voltaxe.Dashboard.Components.Pages;

/// <summary>One host: what it is, what can be asked of it, how far that is, and what was asked before.</summary>
public sealed partial class Host
{
    private const int Shown = 100;

    private LiveFeed<AgentView>? agents;
    private LiveFeed<CommandView>? commands;
    private AgentView? agent;
    private CommandView? chosen;
    private string? followed;
    private FeedState drawnState;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Parameter] public string Name { get; set; } = "";
    /// <summary>The command that is shown in full; the newest otherwise.</summary>
    [SupplyParameterFromQuery(Name = "command")] private string? CommandWord { get; set; }

    private IReadOnlyList<CommandView> Open { get; set; } = [];
    private IReadOnlyList<CommandView> Past { get; set; } = [];

    private long? Wanted => long.TryParse(CommandWord, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    private CommandView? Chosen => chosen;

    protected override async Task OnParametersSetAsync()
    {
        agents ??= FollowAgents(AgentsChanged);
        if (followed != Name)
        {
            followed = Name;
            (agent, chosen, Open, Past) = (Find(), null, [], []);
            Unfollow(commands);
            commands = FollowCommands(new() { Host = Name }, Shown, LiveFeedOptions.Prompt, CommandsChanged);
        }
        Choose();
        // An old command is not among the newest: it is looked up once, and then follows the stream like any other.
        if (Wanted is { } id && chosen?.Id != id && await Hub.FindCommandAsync(id, Gone) is { } old && IsHere(old) && Wanted == id)
            Merge(old);
    }

    private bool IsHere(CommandView command) => string.Equals(command.Host, agent?.Host ?? Name, StringComparison.OrdinalIgnoreCase) || command.AgentId == agent?.Id;

    private AgentView? Find() =>
        agents!.Rows.All.FirstOrDefault(a => string.Equals(a.Host, Name, StringComparison.OrdinalIgnoreCase) || a.Id == Name);

    /// <summary>The stream tells of the whole fleet; only this host is a reason to draw.</summary>
    private void AgentsChanged()
    {
        var now = agent is not null && agents!.Rows.TryGet(agent.Id, out var same) ? same : Find();
        if (ReferenceEquals(now, agent) && drawnState == agents!.State)
            return;
        (agent, drawnState) = (now, agents!.State);
        StateHasChanged();
    }

    private void CommandsChanged()
    {
        commands!.Rows.Trim(Shown * 2, c => c.Id);
        var newest = commands.Rows.All.OrderByDescending(c => c.Id).ToArray();
        Open = [.. newest.Where(c => StatusLook.IsOpen(c.Status))];
        Past = [.. newest.Where(c => !StatusLook.IsOpen(c.Status)).Take(50)];
        Choose();
        StateHasChanged();
    }

    private void Choose()
    {
        if (Wanted is not { } id)
            chosen = Open.Count > 0 ? Open[0] : Past.Count > 0 ? Past[0] : null;
        else if (commands!.Rows.TryGet(Key(id), out var row) && (chosen?.Id != id || !CommandFreshness.IsOlder(row, chosen)))
            chosen = row;
        else if (chosen?.Id != id)
            chosen = null;
    }

    /// <summary>An answer of the hub to what was done here; the stream may have been faster.</summary>
    private void Merge(CommandView command)
    {
        commands!.Rows.Put(Key(command.Id), command);
        if (Wanted == command.Id && (chosen?.Id != command.Id || !CommandFreshness.IsOlder(command, chosen)))
            chosen = command;
        CommandsChanged();
    }

    private void Select(CommandView queued)
    {
        Merge(queued);
        Navigation.NavigateTo(LinkOf(queued), replace: true);
    }

    private string LinkOf(CommandView row) =>
        string.Create(CultureInfo.InvariantCulture, $"hosts/{Uri.EscapeDataString(agent?.Host ?? Name)}?command={row.Id}");

    private static string Key(long id) => id.ToString(CultureInfo.InvariantCulture);
}
