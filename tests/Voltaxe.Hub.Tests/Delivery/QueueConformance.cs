using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Commands;
using Voltaxe.Hub.Persistence;
using Voltaxe.Testing;
using Voltaxe.Testing.Databases;

namespace Voltaxe.Hub.Tests.Delivery;

public sealed class SqliteQueueTests : QueueConformance
{
    protected override string? NewDatabase() => null;
}

/// <summary>The same promises on PostgreSQL; each fact needs its server programs.</summary>
public sealed class PostgresQueueTests
{
    public static TheoryData<string> Facts => [.. typeof(QueueConformance).GetMethods().Where(m => m.IsDefined(typeof(FactAttribute), false)).Select(m => m.Name)];

    [NeedsTheory(Needs.Postgres)]
    [MemberData(nameof(Facts))]
    public Task Holds_on_postgresql(string fact) => (Task)typeof(QueueConformance).GetMethod(fact)!.Invoke(new OnPostgres(), null)!;

    private sealed class OnPostgres : QueueConformance
    {
        protected override string? NewDatabase() => PostgresCluster.Shared.NewDatabase();
    }
}

/// <summary>What the queue promises, on every database.</summary>
public abstract class QueueConformance
{
    protected abstract string? NewDatabase();

    private Task<Queue> OpenAsync() => Queue.OpenAsync(NewDatabase());

    [Fact]
    public async Task What_was_queued_while_the_agent_was_away_is_handed_out_when_it_comes()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        var command = await queue.IsolateAsync("WEB-01");
        Assert.Equal(CommandStatus.Pending, command.Status);

        var reply = await agent.SyncAsync();

        var envelope = Assert.Single(reply.Commands);
        Assert.Equal((command.Id, command.Uid, 1, agent.Epoch), (envelope.Id, envelope.Uid, envelope.Attempt, envelope.Epoch));
        var row = await queue.RowAsync(command.Id);
        Assert.Equal((CommandStatus.Delivered, 1, Channel.Poll), (row.Status, row.Attempt, row.Channel));
    }

    [Fact]
    public async Task What_the_agent_holds_is_not_handed_out_again_however_long_it_runs()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        var command = await queue.KillAsync("web-01");
        await agent.SyncAsync();
        for (var i = 0; i < 5; i++)
        {
            queue.Clock.Advance(TimeSpan.FromMinutes(2));
            Assert.Empty((await agent.SyncAsync(holding: [QueueAgent.Holds(command, HoldingState.Started)])).Commands);
        }
        var row = await queue.RowAsync(command.Id);
        Assert.Equal(1, row.Attempt);
        Assert.NotNull(row.ReceivedAt);
        Assert.NotNull(row.StartedAt);
    }

    [Fact]
    public async Task A_reply_that_was_lost_is_made_good_by_the_next_sync()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        var command = await queue.IsolateAsync("web-01");
        await agent.SyncAsync();
        var again = Assert.Single((await agent.SyncAsync()).Commands);
        Assert.Equal((command.Uid, 2), (again.Uid, again.Attempt));
    }

    [Fact]
    public async Task A_push_goes_to_the_current_session_and_counts_as_lost_after_five_seconds()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        var socket = await agent.ConnectAsync();
        var command = await queue.IsolateAsync("web-01");
        Assert.Equal(1, await queue.Pump.PushOnceAsync([agent.Id], default));
        Assert.Equal(command.Uid, Assert.Single(socket.Executed).Uid);
        Assert.Equal(Channel.Push, (await queue.RowAsync(command.Id)).Channel);

        // Not on any channel until its wait is over.
        Assert.Empty((await agent.SyncAsync()).Commands);
        Assert.Equal(0, await queue.Pump.PushOnceAsync([agent.Id], default));
        queue.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(1, (await queue.Sweeper.SweepOnceAsync(default)).LostPushes);
        Assert.Equal(1, await queue.Pump.PushOnceAsync([agent.Id], default));
        Assert.Equal(2, socket.Executed.Count);
    }

    [Fact]
    public async Task A_newer_socket_takes_over_and_the_older_is_aborted()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        var old = await agent.ConnectAsync();
        var command = await queue.IsolateAsync("web-01");
        await queue.Pump.PushOnceAsync([agent.Id], default);
        var fresh = new QueueSocket();
        agent.Socket = fresh;
        var reply = await agent.SyncAsync();
        Assert.True(old.IsAborted);
        Assert.Equal(command.Uid, Assert.Single(reply.Commands).Uid); // carried by an older session: at once
        Assert.False(fresh.IsAborted);
    }

    [Fact]
    public async Task The_last_intent_wins_whatever_the_order_and_the_priorities()
    {
        string[] names = [CommandNames.NetworkIsolate, CommandNames.NetworkRestore];
        foreach (var (first, second, p1, p2) in from a in names from b in names from p in new[] { (0, 10), (10, 0), (5, 5) } select (a, b, p.Item1, p.Item2))
        {
            await using var queue = await OpenAsync();
            var agent = await queue.EnrolAsync("web-01");
            var older = await queue.QueueAsync(first, "web-01", priority: p1);
            var newer = await queue.QueueAsync(second, "web-01", priority: p2);
            var row = await queue.RowAsync(older.Id);
            Assert.Equal((CommandStatus.Superseded, newer.Id), (row.Status, row.OvertakenBy));
            Assert.Equal(newer.Uid, Assert.Single((await agent.SyncAsync()).Commands).Uid);
        }
    }

    [Fact]
    public async Task A_restore_for_the_morning_does_not_free_a_host_isolated_at_night()
    {
        await using var queue = await OpenAsync();
        await queue.EnrolAsync("web-01");
        var restore = await queue.QueueAsync(CommandNames.NetworkRestore, "web-01", notBefore: queue.Clock.GetUtcNow().AddHours(8));
        await queue.IsolateAsync("web-01");
        Assert.Equal(CommandStatus.Superseded, await queue.StatusAsync(restore.Id));
    }

    [Fact]
    public async Task A_scheduled_command_becomes_due_with_its_own_seq_and_life()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        var at = queue.Clock.GetUtcNow().AddHours(1);
        var command = await queue.QueueAsync(CommandNames.CollectForensics, "web-01", notBefore: at);
        Assert.Null(command.ExpiresAt);
        Assert.Empty((await agent.SyncAsync()).Commands);
        queue.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, (await queue.Sweeper.SweepOnceAsync(default)).Due);
        Assert.Equal(at.AddHours(24), (await queue.RowAsync(command.Id)).ExpiresAt);
        Assert.Single((await agent.SyncAsync()).Commands);
    }

    [Fact]
    public async Task A_row_that_another_hand_changed_is_never_signed_and_ends_visibly()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        var command = await queue.QueueAsync(CommandNames.NetworkRestore, "web-01", notBefore: queue.Clock.GetUtcNow().AddHours(1));
        await queue.Store.ReadAsync((db, ct) => db.Database.ExecuteSqlAsync($"UPDATE pending_commands SET reason = 'mine now' WHERE id = {command.Id}", ct), default);
        queue.Clock.Advance(TimeSpan.FromHours(2));
        await queue.Sweeper.SweepOnceAsync(default);
        Assert.Equal(CommandStatus.Cancelled, await queue.StatusAsync(command.Id));
        Assert.Contains(await queue.AuditAsync(), a => a.Action == "alert_seal_broken" && a.Target == $"command:{command.Id}");
        Assert.Empty((await agent.SyncAsync()).Commands);
    }

    [Fact]
    public async Task Cancelled_before_hand_out_means_no_effect_and_after_it_the_agent_is_asked()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        var first = await queue.KillAsync("web-01");
        Assert.Equal(CommandStatus.Cancelled, (await queue.CancelAsync(first.Id)).Value.Status);
        Assert.Equal(409, (await queue.CancelAsync(first.Id)).Refusal!.Status);

        var second = await queue.KillAsync("web-01");
        Assert.Equal(second.Uid, Assert.Single((await agent.SyncAsync()).Commands).Uid);
        var asked = (await queue.CancelAsync(second.Id)).Value;
        Assert.Equal(CommandStatus.Delivered, asked.Status);
        Assert.NotNull(asked.CancelRequestedAt);
        var reply = await agent.SyncAsync(); // not held, and not handed out again while it is asked to end
        Assert.Empty(reply.Commands);
        Assert.Equal((second.Uid, CancelWhy.Cancelled), (Assert.Single(reply.Cancel).Uid, reply.Cancel[0].Why));
        var done = await agent.SyncAsync(results: [QueueAgent.Ended(second, Outcome.Cancelled)]);
        Assert.Equal(second.Uid.ToString("D"), Assert.Single(done.Recorded));
        Assert.Empty(done.Cancel);
        Assert.Equal(CommandStatus.Cancelled, await queue.StatusAsync(second.Id));
    }

    [Fact]
    public async Task Time_ends_what_was_never_handed_out_and_asks_for_what_was()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        var never = await queue.KillAsync("web-01");
        queue.Clock.Advance(TimeSpan.FromMinutes(15));
        await queue.Sweeper.SweepOnceAsync(default);
        Assert.Equal(CommandStatus.Expired, await queue.StatusAsync(never.Id));

        var handed = await queue.KillAsync("web-01");
        await agent.SyncAsync();
        queue.Clock.Advance(TimeSpan.FromMinutes(15));
        await queue.Sweeper.SweepOnceAsync(default);
        Assert.Equal(CommandStatus.Delivered, await queue.StatusAsync(handed.Id));
        Assert.Equal(CancelWhy.Expired, Assert.Single((await agent.SyncAsync()).Cancel).Why);
        queue.Clock.Advance(TimeSpan.FromMinutes(10));
        await queue.Sweeper.SweepOnceAsync(default);
        var row = await queue.RowAsync(handed.Id);
        Assert.Equal((CommandStatus.Unknown, UnknownWhy.NoReport), (row.Status, row.UnknownWhy));
    }

    [Fact]
    public async Task The_truth_that_arrives_late_corrects_an_unknown()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        var command = await queue.KillAsync("web-01");
        await agent.SyncAsync();
        queue.Clock.Advance(TimeSpan.FromHours(1));
        await queue.Sweeper.SweepOnceAsync(default);
        await queue.Sweeper.SweepOnceAsync(default);
        Assert.Equal(CommandStatus.Unknown, await queue.StatusAsync(command.Id));
        Assert.Single((await agent.SyncAsync(results: [QueueAgent.Ended(command)])).Recorded);
        Assert.Equal(CommandStatus.Executed, await queue.StatusAsync(command.Id));
        Assert.Contains(await queue.AuditAsync(), a => a.Action == "command_corrected");
    }

    [Fact]
    public async Task An_agent_that_returns_is_asked_for_what_the_hub_gave_up_on_until_it_says()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        var command = await queue.KillAsync("web-01");
        await agent.SyncAsync(); // the reply is lost, and the agent is away for an hour
        queue.Clock.Advance(TimeSpan.FromHours(1));
        await queue.Sweeper.SweepOnceAsync(default);
        Assert.Equal(CommandStatus.Unknown, await queue.StatusAsync(command.Id));
        for (var i = 0; i < 2; i++)
        {
            var reply = await agent.SyncAsync();
            Assert.Empty(reply.Commands);
            Assert.Equal((command.Uid, CancelWhy.Expired), (Assert.Single(reply.Cancel).Uid, reply.Cancel[0].Why));
        }
        Assert.Empty((await agent.SyncAsync(results: [QueueAgent.Ended(command, Outcome.Expired)])).Cancel);
        Assert.Equal(CommandStatus.Expired, await queue.StatusAsync(command.Id));
    }

    [Fact]
    public async Task A_result_is_recorded_once_repeated_and_never_contradicted()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        var command = await queue.KillAsync("web-01");
        await agent.SyncAsync();
        for (var i = 0; i < 20; i++)
            Assert.Equal(command.Uid.ToString("D"), Assert.Single((await agent.SyncAsync(results: [QueueAgent.Ended(command, message: "word " + i)])).Recorded));
        var contradicted = await agent.SyncAsync(results: [QueueAgent.Ended(command, Outcome.Failed)]);
        Assert.Equal((command.Uid, DropWhy.Conflict), (Assert.Single(contradicted.Drop).Uid, contradicted.Drop[0].Why));
        Assert.Empty(contradicted.Recorded);
        var row = await queue.RowAsync(command.Id);
        Assert.Equal(CommandStatus.Executed, row.Status);
        Assert.Contains("word 0", row.Result);
    }

    [Fact]
    public async Task A_result_for_another_agents_command_changes_nothing()
    {
        await using var queue = await OpenAsync();
        var a = await queue.EnrolAsync("web-01");
        await queue.EnrolAsync("web-02");
        var command = await queue.KillAsync("web-02");
        var reply = await a.SyncAsync(results: [QueueAgent.Ended(command), QueueAgent.Ended(command with { Uid = Guid.NewGuid() })]);
        Assert.All(reply.Drop, d => Assert.Equal(DropWhy.UnknownUid, d.Why));
        Assert.Equal(2, reply.Drop.Count);
        Assert.Equal(CommandStatus.Pending, await queue.StatusAsync(command.Id));
        var audit = await queue.AuditAsync();
        Assert.Single(audit, x => x.Action == "alert_database_rollback");
        Assert.Single(audit, x => x.Action == "result_of_another_agent");
    }

    [Fact]
    public async Task A_new_journal_makes_what_the_old_one_held_unknown_and_never_comes_back()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        var command = await queue.KillAsync("web-01");
        await agent.SyncAsync();
        agent.Epoch = "epoch-2";
        var reply = await agent.SyncAsync();
        Assert.Empty(reply.Commands);
        var row = await queue.RowAsync(command.Id);
        Assert.Equal((CommandStatus.Unknown, UnknownWhy.JournalLost), (row.Status, row.UnknownWhy));
        agent.Epoch = "epoch-1";
        var refused = await agent.TrySyncAsync();
        Assert.Equal((409, "epoch_replaced"), (refused.Refusal!.Status, refused.Refusal.Slug));
    }

    [Fact]
    public async Task A_stale_sync_brings_its_results_and_nothing_else()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        await agent.SyncAsync(n: 10);
        var command = await queue.KillAsync("web-01");
        await agent.SyncAsync(n: 11);
        queue.Clock.Advance(TimeSpan.FromSeconds(30));
        var seen = (await queue.Store.ReadAsync((db, ct) => db.Agents.SingleAsync(ct), default)).LastSeenAt;
        var stale = await agent.SyncAsync(results: [QueueAgent.Ended(command)], n: 9);
        Assert.Single(stale.Recorded);
        Assert.Empty(stale.Commands);
        Assert.Equal(CommandStatus.Executed, await queue.StatusAsync(command.Id));
        Assert.Equal(seen, (await queue.Store.ReadAsync((db, ct) => db.Agents.SingleAsync(ct), default)).LastSeenAt);
    }

    [Fact]
    public async Task A_copied_journal_on_a_second_machine_is_held()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        agent.Position = 100;
        await agent.SyncAsync();
        agent.Instance = "instance-of-the-copy";
        agent.Position = 90;
        agent.N = 0;
        await queue.IsolateAsync("web-01");
        Assert.Empty((await agent.SyncAsync()).Commands);
        Assert.Contains(await queue.AuditAsync(), a => a.Action == "alert_clone_suspected");
    }

    [Fact]
    public async Task Five_hundred_hosts_are_one_transaction_and_one_claim()
    {
        await using var queue = await OpenAsync();
        var agents = new List<QueueAgent>();
        for (var i = 0; i < 500; i++)
            agents.Add(await queue.EnrolAsync($"host-{i}"));
        foreach (var agent in agents.Take(100))
            await agent.ConnectAsync();
        var commits = 0;
        queue.Get<CommitBell>().Rung += _ => Interlocked.Increment(ref commits);
        var queued = (await queue.TryQueueAsync(CommandNames.NetworkIsolate, [.. agents.Select(a => a.Host)])).Value;
        Assert.Equal(500, queued.Commands.Count);
        Assert.NotNull(queued.BatchId);
        Assert.Equal(1, commits);
        Assert.Equal(100, await queue.Pump.PushOnceAsync([.. agents.Select(a => a.Id)], default));
        Assert.Equal(2, commits);
        Assert.All(agents.Take(100), a => Assert.Single(a.Socket!.Executed));
        var seqs = queued.Commands.Select(c => c.Id).ToList();
        Assert.Equal(seqs.Order(), seqs);
    }

    [Fact]
    public async Task One_unknown_host_of_many_refuses_all_and_is_named()
    {
        await using var queue = await OpenAsync();
        for (var i = 0; i < 3; i++)
            await queue.EnrolAsync($"host-{i}");
        var refused = await queue.TryQueueAsync(CommandNames.NetworkIsolate, ["host-0", "HOST-1", "ghost-9", "host-2"]);
        Assert.Equal(404, refused.Refusal!.Status);
        Assert.Equal(["ghost-9"], refused.Refusal.Errors!["hosts"]);
        Assert.Equal(0, await queue.CountAsync());
    }

    [Fact]
    public async Task A_host_that_is_revoked_while_its_command_is_being_queued_gets_none()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        await queue.EnrolAsync("web-02");
        var locked = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        var revocation = queue.Store.WriteAsync(async (write, ct) =>
        {
            (await write.LockAgentAsync(agent.Id, ct))!.RevokedAt = write.Now;
            locked.TrySetResult();
            await goOn.Task;
            return 0;
        }, default);
        await locked.Task;
        var queueing = queue.TryQueueAsync(CommandNames.NetworkIsolate, ["web-02", "web-01"]);
        if (!queue.Get<HubDbFactory>().IsSqlite) // It has found the host, and waits for its row.
            await Eventually.TrueAsync(async () => await queue.Store.ReadAsync((db, ct) => db.Database
                .SqlQuery<long>($"SELECT count(*) AS \"Value\" FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").SingleAsync(ct), default) > 0);
        goOn.SetResult();
        await revocation;

        var refusal = (await queueing).Refusal!;
        Assert.Equal((404, "unknown_hosts"), (refusal.Status, refusal.Slug));
        Assert.Equal(["web-01"], refusal.Errors!["hosts"]);
        Assert.Equal(0, await queue.CountAsync());
    }

    [Fact]
    public async Task A_filter_that_no_row_can_hold_finds_nothing()
    {
        await using var queue = await OpenAsync();
        await queue.EnrolAsync("web-01");
        await queue.IsolateAsync("web-01");
        foreach (var filter in new CommandFilter[] { new() { Host = "web-01\0" }, new() { CreatedBy = "\0" }, new() { Batch = "\0" } })
            Assert.Empty((await queue.SendAsync(new ListCommands.Request(Queue.Ana, filter, 10, null))).Value.Items);
    }

    [Fact]
    public async Task The_same_idempotency_key_and_body_give_the_same_answer()
    {
        await using var queue = await OpenAsync();
        await queue.EnrolAsync("web-01");
        var order = new NewCommands { Command = CommandNames.NetworkIsolate, Hosts = ["web-01"], Reason = "C2 beacon" };
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => queue.SendAsync(new QueueCommands.Request(Queue.Ana, order, "key-1", "hash-1"))));
        Assert.Single(answers.Select(a => a.Value.Commands[0].Id).Distinct());
        Assert.Equal(1, await queue.CountAsync());
        Assert.Equal(422, (await queue.SendAsync(new QueueCommands.Request(Queue.Ana, order, "key-1", "hash-2"))).Refusal!.Status);
        queue.Clock.Advance(TimeSpan.FromHours(25));
        Assert.NotEqual(answers[0].Value.Commands[0].Id, (await queue.SendAsync(new QueueCommands.Request(Queue.Ana, order, "key-1", "hash-2"))).Value.Commands[0].Id);
    }

    [Fact]
    public async Task A_refused_request_does_not_use_up_its_idempotency_key()
    {
        await using var queue = await OpenAsync();
        await queue.EnrolAsync("web-01");
        var bad = new NewCommands { Command = CommandNames.NetworkIsolate, Hosts = ["ghost"], Reason = "C2 beacon" };
        Assert.Equal(404, (await queue.SendAsync(new QueueCommands.Request(Queue.Ana, bad, "key-1", "hash-1"))).Refusal!.Status);
        Assert.False((await queue.SendAsync(new QueueCommands.Request(Queue.Ana, bad with { Hosts = ["web-01"] }, "key-1", "hash-2"))).IsRefused);
    }

    [Fact]
    public async Task History_is_trimmed_but_what_is_open_or_may_still_be_corrected_stays()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        var done = await queue.KillAsync("web-01");
        await agent.SyncAsync();
        await agent.SyncAsync(results: [QueueAgent.Ended(done)]);
        var silent = await queue.KillAsync("web-01");
        await agent.SyncAsync();
        queue.Clock.Advance(TimeSpan.FromHours(1));
        await queue.Sweeper.SweepOnceAsync(default);
        await queue.Sweeper.SweepOnceAsync(default);
        queue.Clock.Advance(TimeSpan.FromDays(91));
        var fresh = await queue.IsolateAsync("web-01");
        await queue.Sweeper.SweepOnceAsync(default);
        var left = await queue.Store.ReadAsync((db, ct) => db.Commands.Select(c => c.Id).OrderBy(i => i).ToListAsync(ct), default);
        Assert.Equal([silent.Id, fresh.Id], left);
    }

    [Fact]
    public async Task The_database_refuses_shapes_that_contradict_the_state()
    {
        await using var queue = await OpenAsync();
        var agent = await queue.EnrolAsync("web-01");
        var command = await queue.KillAsync("web-01");
        await agent.SyncAsync();
        foreach (var set in new[]
        {
            "status = 'pending', delivered_at = NULL", // the seed's "reset stuck commands"
            "status = 'executed'", "status = 'cancelled'", "status = 'nonsense'", "attempt = 0", "priority = 11",
            "status = 'unknown'", "unknown_why = 'no_report'", "finished_at = created_at", "seq = NULL",
        })
        {
            var sql = $"UPDATE pending_commands SET {set} WHERE id = {command.Id}";
            var e = await Assert.ThrowsAnyAsync<Exception>(() => queue.Store.ReadAsync((db, ct) =>
                db.Database.ExecuteSqlRawAsync(sql, ct), default));
            Assert.Contains("constraint", e.Message, StringComparison.OrdinalIgnoreCase);
        }
        Assert.Equal(CommandStatus.Delivered, await queue.StatusAsync(command.Id));
    }

    [Fact]
    public async Task The_migrated_schema_is_the_model()
    {
        await using var queue = await OpenAsync();
        await using var db = queue.Get<HubDbFactory>().Create();
        Assert.False(db.Database.HasPendingModelChanges());
        Assert.Empty(await db.Database.GetPendingMigrationsAsync());
    }
}
