using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Logging;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Lists;
using Voltaxe.Dashboard.Model.Ordering;
using Voltaxe.Dashboard.Model.Progress;

namespace Voltaxe.Dashboard.Components.Live;

/// <summary>A page that watches the hub. Every feed that it opens is let go of with it.</summary>
public abstract class LiveComponent : ComponentBase, IDisposable
{
    private readonly List<IDisposable> feeds = [];
    private readonly CancellationTokenSource gone = new();

    [Inject] protected IHubReader Hub { get; set; } = null!;
    [Inject] protected IEvidenceReader Evidence { get; set; } = null!;
    [Inject] protected TimeProvider Clock { get; set; } = null!;
    [Inject] private ILoggerFactory Logs { get; set; } = null!;
    [CascadingParameter] private Task<AuthenticationState>? SignedIn { get; set; }

    /// <summary>What the signed-in person may do; nothing until that is known.</summary>
    protected Rights Rights { get; private set; } = Rights.None;

    /// <summary>Ends when the page is left.</summary>
    protected CancellationToken Gone => gone.Token;

    protected override async Task OnInitializedAsync() =>
        Rights = SignedIn is null ? Rights.None : Rights.Of((await SignedIn).User);

    public void Dispose()
    {
        gone.Cancel();
        feeds.ForEach(f => f.Dispose());
        gone.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected LiveFeed<AgentView> FollowAgents(Action? onChanged = null) =>
        Follow(new LiveRows<AgentView>(a => a.Id), LiveFeedOptions.Calm, Hub.WatchAgentsAsync, onChanged);

    private protected LiveFeed<CommandView> FollowCommands(CommandFilter filter, int limit, LiveFeedOptions options, Action? onChanged = null) =>
        Follow(CommandRows(), options, ct => Hub.WatchCommandsAsync(filter, limit, ct), onChanged);

    private protected LiveFeed<EvidenceView> FollowEvidence(EvidenceFilter filter, int limit, LiveFeedOptions options, Action? onChanged = null) =>
        Follow(new LiveRows<EvidenceView>(e => e.Id, (a, b) => a.UpdatedAt < b.UpdatedAt), options, ct => Evidence.WatchEvidenceAsync(filter, limit, ct), onChanged);

    private protected LiveFeed<ProgressView> FollowProgress(long commandId) =>
        Follow(new LiveRows<ProgressView>(p => p.CommandId.ToString(System.Globalization.CultureInfo.InvariantCulture), (a, b) => a.At < b.At),
            LiveFeedOptions.Calm, ct => Evidence.WatchProgressAsync(commandId, ct), null);

    private protected void Unfollow(IDisposable? feed)
    {
        if (feed is not null && feeds.Remove(feed))
            feed.Dispose();
    }

    internal static LiveRows<CommandView> CommandRows() =>
        new(c => c.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), CommandFreshness.IsOlder);

    private LiveFeed<T> Follow<T>(LiveRows<T> rows, LiveFeedOptions options, Func<CancellationToken, Task<LiveView<T>>> open, Action? onChanged) where T : class
    {
        var feed = new LiveFeed<T>(rows, options, Clock, Logs.CreateLogger("Voltaxe.Dashboard.Live"));
        feeds.Add(feed);
        feed.Start(open, InvokeAsync, onChanged ?? StateHasChanged);
        return feed;
    }
}
