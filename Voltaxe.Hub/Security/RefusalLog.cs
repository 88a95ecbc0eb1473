using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Security;

/// <summary>
/// Refused credentials leave a row in the audit trail. One row a minute at most for each route, kind, actor and address, with a count, and so
/// many of them at most: a flood cannot fill the disk.
/// </summary>
public sealed partial class RefusalLog(HubStore store, ILogger<RefusalLog> log) : BackgroundService
{
    public static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How many different refusals are told apart; what comes on top is counted together.</summary>
    public const int MostKinds = 256;

    private readonly Lock gate = new();
    private readonly Dictionary<Kind, Tally> tallies = [];

    /// <param name="context">Whose route and address are noted; the route's pattern, never the path, which may hold secrets.</param>
    /// <param name="kind">Snake_case word, as <c>no_credential</c>.</param>
    public void Note(HttpContext context, string kind) => Note(new(
        (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "(no route)", kind, context.User.Actor(),
        Principals.TextOf(context.Connection.RemoteIpAddress)));

    public void Note(Kind kind)
    {
        lock (gate)
        {
            if (!tallies.ContainsKey(kind) && tallies.Count >= MostKinds)
                kind = new("(many)", "refused", "anonymous", null);
            if (!tallies.TryGetValue(kind, out var tally))
                tallies[kind] = tally = new Tally();
            tally.Count++;
        }
    }

    /// <summary>Writes what is due. Answers the number of rows.</summary>
    public async Task<int> SweepOnceAsync(CancellationToken ct)
    {
        var due = TakeDue();
        if (due.Count == 0)
            return 0;
        try
        {
            await store.WriteAsync((write, _) =>
            {
                foreach (var (kind, count) in due)
                    write.Audit(kind.Actor, "access_refused", kind.Route, "refused", Detail(kind, count), kind.Address);
                return Task.FromResult(true);
            }, ct);
        }
        catch
        {
            PutBack(due);
            throw;
        }
        return due.Count;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TrySweepAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, store.Clock.Time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await TrySweepAsync(stoppingToken);
    }

    private async Task TrySweepAsync(CancellationToken ct)
    {
        try
        {
            await SweepOnceAsync(ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFailed(e);
        }
    }

    private List<(Kind Kind, long Count)> TakeDue()
    {
        var time = store.Clock.Time;
        var due = new List<(Kind, long)>();
        lock (gate)
        {
            foreach (var (kind, tally) in tallies)
            {
                if (tally.WrittenAt is { } at && time.GetElapsedTime(at) < Quiet)
                    continue;
                if (tally.Count == 0)
                {
                    tallies.Remove(kind);
                    continue;
                }
                due.Add((kind, tally.Count));
                (tally.Count, tally.WrittenAt) = (0, time.GetTimestamp());
            }
        }
        return due;
    }

    private void PutBack(List<(Kind Kind, long Count)> due)
    {
        lock (gate)
        {
            foreach (var (kind, count) in due)
            {
                tallies[kind].Count += count;
                tallies[kind].WrittenAt = null;
            }
        }
    }

    private static string Detail(Kind kind, long count) => new JsonObject { ["kind"] = kind.Word, ["count"] = count }.ToJsonString();

    /// <summary>What is told apart.</summary>
    /// <param name="Route">A route's pattern.</param>
    /// <param name="Word">Why, as a word.</param>
    /// <param name="Actor">As in the trail.</param>
    /// <param name="Address">From where.</param>
    public readonly record struct Kind(string Route, string Word, string Actor, string? Address);

    private sealed class Tally
    {
        public long Count { get; set; }
        public long? WrittenAt { get; set; }
    }
}
