using System.Collections.Immutable;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Delivery;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Tests.Model;

/// <summary>What the hub does, in the order in which its use cases ask the domain: queueing, cancelling, a pass over a sync, a push, a sweep.</summary>
internal static class HubSide
{
    private static IEnumerable<Command> Open(World world) => world.Commands.Where(c => !c.IsTerminal);

    public static void Create(World world)
    {
        var wish = world.Scenario.Wishes[world.Commands.Length];
        var command = new Command
        {
            Id = world.Commands.Length + 1,
            Uid = World.UidOf(world.Commands.Length),
            AgentId = world.Row.Id,
            Hostname = world.Row.Hostname,
            Name = wish.Name,
            Params = "{}",
            Reason = "a model",
            CreatedBy = "ana",
            CreatedAt = world.Now,
            Priority = DeliveryLimits.PriorityOf(wish.Name),
            NotBefore = wish.Delay is { } delay ? World.Start + delay : null,
            LifetimeSeconds = Scenario.LifetimeSeconds,
            NeedsApproval = wish.NeedsApproval,
        }.Enqueued();
        Intent.Created(command, Open(world), world.Now);
        MakeDueIfItIs(world, command);
        world.Commands = world.Commands.Add(command);
    }

    public static void Approve(World world, int index)
    {
        world.Commands[index].Approve("bo", "seal", world.Now);
        MakeDueIfItIs(world, world.Commands[index]);
    }

    public static void Deny(World world, int index) => world.Commands[index].Deny(world.Now);

    public static void Cancel(World world, int index)
    {
        world.Commands[index].Withdraw("ana", world.Now);
        Intent.Ended(world.Commands[index], world.Row);
    }

    public static void Sweep(World world)
    {
        foreach (var command in Open(world).Where(c => c.Status == CommandStatus.Pending && !c.IsDue).OrderBy(c => c.NotBefore ?? c.CreatedAt).ThenBy(c => c.Id).ToList())
        {
            if (command.Status == CommandStatus.Pending)
                MakeDueIfItIs(world, command);
        }
        foreach (var command in Open(world).ToList())
            Claim.PassTime(command, world.Row, Scenario.Limits, world.Now);
    }

    private static void MakeDueIfItIs(World world, Command command)
    {
        if (command.Status == CommandStatus.Pending && (command.NotBefore is null || command.NotBefore <= world.Now))
            Intent.MakeDue(command, world.Row, Open(world), "hub-1", static _ => ("key-1", "signed"), world.Now);
    }

    /// <summary>Claims for the socket's session; what is to be ended and what is to be done are messages of their own, and may part on the way.</summary>
    public static IReadOnlyList<Pushed> Push(World world)
    {
        if (world.Link is not { } link || world.Row.Session != link.Session || world.Row.Epoch is null)
            return [];
        var chosen = HandOut(world, null, new HandOutTo(Channel.Push, world.Row.Epoch, link.Session, false));
        return new Pushed[] { new([], [.. Claim.CancelsOf(world.Row, Open(world))]), new(chosen, []) }.Where(m => m.Commands.Length + m.Cancels.Length > 0).ToList();
    }

    /// <summary>A pass over a sync; null when it is refused.</summary>
    public static SyncReply? Sync(World world, Asking asking)
    {
        var (row, sync) = (world.Row, asking.Sync);
        var epoch = row.Epoch;
        var standing = Judge(world, sync);
        if (standing == Standing.EpochReplaced)
            return null;
        if (standing == Standing.NewEpoch && epoch is not null)
        {
            foreach (var lost in Open(world).Where(c => c is { Status: CommandStatus.Delivered, SeedRoute: false }))
                lost.GiveUp(UnknownWhy.JournalLost, world.Now);
        }
        if (standing == Standing.Stale)
        {
            var (staleRecorded, staleDrops) = Record(world, sync.Results);
            return new SyncReply { HubTime = world.Now, Recorded = staleRecorded, Drop = staleDrops };
        }
        if (sync.Observed is { } observed)
            row.Isolated = observed.Isolated;
        if (world.Scenario.Socket)
        {
            var session = world.Link is { } link && link.Connection == asking.Connection ? link.Session : (long?)null;
            if (session is not null && session != row.Session)
                return null; // The transaction of the real pass is given up here; no other node exists in the model, so this cannot be reached.
            if (session is null)
                world.Link = (asking.Connection, ++row.Session);
        }
        var held = Hear(world, sync);
        var (recorded, drops) = Record(world, sync.Results);
        var commands = HandOut(world, held, new HandOutTo(world.Scenario.Socket ? Channel.Push : Channel.Poll, row.Epoch, null, false));
        return new SyncReply { HubTime = world.Now, Commands = commands, Recorded = recorded, Drop = drops, Cancel = Claim.CancelsOf(row, world.Commands) };
    }

    private static Standing Judge(World world, SyncRequest sync)
    {
        var (epoch, instance) = (world.Row.Epoch, world.Row.Instance);
        var said = int.Parse(sync.Instance, System.Globalization.CultureInfo.InvariantCulture);
        var slot = instance == sync.Instance ? -1 : world.RetiredInstances.ToList().FindIndex(r => r.Instance == said);
        var retired = slot < 0 ? null : new RetiredInstance { AgentId = world.Row.Id, Instance = sync.Instance, Returns = world.RetiredInstances[slot].Returns };
        var standing = Continuity.Judge(world.Row, sync, epoch != sync.Epoch && world.RetiredEpochs.Contains(sync.Epoch), retired);
        if (retired is not null)
            world.RetiredInstances = world.RetiredInstances.SetItem(slot, new(said, retired.Returns));
        if (standing is not (Standing.Current or Standing.NewEpoch))
            return standing;
        if (epoch is not null && epoch != sync.Epoch)
            world.RetiredEpochs = world.RetiredEpochs.Add(epoch);
        if (instance is not null && instance != sync.Instance)
            world.RetiredInstances = world.RetiredInstances.Add(new(int.Parse(instance, System.Globalization.CultureInfo.InvariantCulture), 0));
        return standing;
    }

    private static HashSet<Guid> Hear(World world, SyncRequest sync)
    {
        var held = sync.Holding.Select(h => h.Uid).Concat(sync.Received.Select(r => r.Uid)).Concat(sync.Results.Select(r => r.Uid)).ToHashSet();
        foreach (var command in Open(world).Where(c => held.Contains(c.Uid)))
            command.Heard(world.Now, sync.Holding.Any(h => h.Uid == command.Uid && h.State != HoldingState.Received));
        return held;
    }

    private static (IReadOnlyList<string> Recorded, IReadOnlyList<DropNotice> Drops) Record(World world, IReadOnlyList<ResultReport> results)
    {
        if (results.Count == 0)
            return ([], []);
        var (recorded, drops) = (new List<string>(), new List<DropNotice>());
        foreach (var report in results)
        {
            var command = world.Commands.SingleOrDefault(c => c.Uid == report.Uid);
            var what = Recording.Apply(command, world.Row.Id, report, world.Now);
            if (what is Recorded.New or Recorded.Correction or Recorded.Rollback)
                Intent.Ended(command!, world.Row);
            // The database never goes back in time here and the agent is honest, so nothing but these may come of a report.
            if (what is not (Recorded.New or Recorded.Repeat or Recorded.Correction))
                world.Break($"recording {report.Outcome} of command {command?.Id} came to {what}");
            if (what is Recorded.Conflict or Recorded.NotYours or Recorded.UnknownUid)
                drops.Add(new(report.Uid, what == Recorded.Conflict ? DropWhy.Conflict : DropWhy.UnknownUid));
            else
                recorded.Add(report.Uid.ToString("D"));
        }
        return (recorded, drops);
    }

    private static ImmutableArray<Envelope> HandOut(World world, IReadOnlySet<Guid>? held, HandOutTo to)
    {
        var open = Open(world).ToList();
        foreach (var command in open)
            Claim.PassTime(command, world.Row, Scenario.Limits, world.Now);
        var chosen = HandOutRules.Choose(world.Row, open, held, Scenario.Limits, world.Now);
        foreach (var command in chosen)
            command.HandOut(to, world.Now);
        return [.. chosen.Select(Claim.EnvelopeOf)];
    }
}
