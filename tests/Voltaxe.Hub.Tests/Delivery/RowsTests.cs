using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;
using Voltaxe.Testing.Databases;

namespace Voltaxe.Hub.Tests.Delivery;

/// <summary>What the hub reads and writes of agents and commands by itself is what EF Core reads and writes of them.</summary>
public sealed class RowsTests
{
    [Theory]
    [MemberData(nameof(RunningHub.Databases), MemberType = typeof(RunningHub))]
    public async Task Every_column_comes_and_goes_as_EF_Core_has_it(string database)
    {
        await using var queue = await OpenAsync(database);
        var agent = await queue.EnrolAsync("web-01");
        var command = await queue.KillAsync("web-01");
        await agent.SyncAsync();
        await agent.SyncAsync(results: [QueueAgent.Ended(command)]);

        await queue.Store.WriteAsync(async (write, ct) =>
        {
            var row = (await write.LockAgentAsync(agent.Id, ct))!;
            AssertSame(await write.Db.Agents.AsNoTracking().SingleAsync(a => a.Id == agent.Id, ct), row);
            AssertSame(await write.Db.Commands.AsNoTracking().SingleAsync(c => c.Id == command.Id, ct), (await write.CommandAsync(command.Id, ct))!);
            Change(row);
            return 0;
        }, default);

        Domain.Agent? changed = null;
        await queue.Store.WriteAsync(async (write, ct) => changed = await write.LockAgentAsync(agent.Id, ct), default);
        var asked = await queue.Store.ReadAsync((db, ct) => db.Agents.SingleAsync(a => a.Id == agent.Id, ct), default);
        AssertSame(asked, changed!);
        foreach (var property in Mutable)
            Assert.False(Equals(property.GetValue(new Domain.Agent { Id = "", Hostname = "", HostnameKey = "" }), property.GetValue(asked)), property.Name);
    }

    [Theory]
    [MemberData(nameof(RunningHub.Databases), MemberType = typeof(RunningHub))]
    public async Task A_command_that_somebody_else_has_moved_meanwhile_is_looked_at_again(string database)
    {
        await using var queue = await OpenAsync(database);
        await queue.EnrolAsync("web-01");
        var command = await queue.KillAsync("web-01");
        var tries = 0;
        await queue.Store.WriteAsync(async (write, ct) =>
        {
            var row = (await write.CommandAsync(command.Id, ct))!;
            // As if another hand were faster, once: that too is gone with the try.
            if (++tries == 1)
                await write.Db.Database.ExecuteSqlAsync($"UPDATE pending_commands SET status = 'delivered', attempt = 1, delivered_at = created_at, handed_out_at = created_at WHERE id = {command.Id}", ct);
            row.Withdraw("ana", write.Now);
            return 0;
        }, default);
        Assert.Equal((2, CommandStatus.Cancelled), (tries, await queue.StatusAsync(command.Id)));
    }

    [Theory]
    [MemberData(nameof(RunningHub.Databases), MemberType = typeof(RunningHub))]
    public async Task However_often_it_is_asked_for_a_row_is_one_and_keeps_what_was_changed(string database)
    {
        await using var queue = await OpenAsync(database);
        var (one, two) = (await queue.EnrolAsync("web-01"), await queue.EnrolAsync("web-02"));
        var command = await queue.KillAsync("web-01");
        var other = await queue.KillAsync("web-02");
        await queue.Store.WriteAsync(async (write, ct) =>
        {
            var agent = (await write.LockAgentAsync(one.Id, ct))!;
            agent.Degraded = "changed";
            Assert.Same(agent, (await write.LockAgentsAsync([two.Id, one.Id], ct)).Single(a => a.Id == one.Id));
            var row = (await write.CommandAsync(command.Id, ct))!;
            row.Withdraw("ana", write.Now);
            Assert.Same(row, (await write.CommandsAsync([command.Uid, other.Uid, Guid.NewGuid()], ct)).Single(c => c.Id == command.Id));
            Assert.Same(row, (await write.OpenOrGivenUpAsync(one.Id, ct)).Single());
            Assert.Equal([command.Id, other.Id], (await write.OpenCommandsAsync([one.Id, two.Id], ct)).Select(c => c.Id).Order());
            return 0;
        }, default);
        Assert.Equal(CommandStatus.Cancelled, await queue.StatusAsync(command.Id));
        Assert.Equal("changed", (await queue.Store.ReadAsync((db, ct) => db.Agents.SingleAsync(a => a.Id == one.Id, ct), default)).Degraded);
    }

    [Fact]
    public async Task What_is_changed_behind_the_rows_is_not_saved_in_silence()
    {
        await using var queue = await OpenAsync("sqlite");
        await queue.EnrolAsync("web-01");
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => queue.Store.WriteAsync(async (write, ct) =>
            (await write.Db.Agents.SingleAsync(ct)).Degraded = "in secret", default));
        Assert.Contains("changed as rows", e.Message, StringComparison.Ordinal);
        Assert.Null((await queue.Store.ReadAsync((db, ct) => db.Agents.SingleAsync(ct), default)).Degraded);
    }

    [Fact]
    public async Task After_a_write_that_failed_the_next_one_works()
    {
        await using var queue = await OpenAsync("sqlite");
        var agent = await queue.EnrolAsync("web-01");
        for (var round = 0; round < 3; round++)
        {
            await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => queue.Store.WriteAsync<int>(async (write, ct) =>
            {
                (await write.LockAgentAsync(agent.Id, ct))!.Degraded = "half done";
                throw new TimeZoneNotFoundException();
            }, default));
            Assert.Null(await queue.Store.WriteAsync(async (write, ct) => (await write.LockAgentAsync(agent.Id, ct))!.Degraded, default));
        }
    }

    [Fact]
    public async Task However_many_kinds_of_statements_there_are_only_so_many_are_kept()
    {
        await using var queue = await OpenAsync("sqlite");
        var agent = await queue.EnrolAsync("web-01");
        var columns = Mutable.Where(p => (p.PropertyType == typeof(string) || p.PropertyType == typeof(long)) && p.Name is not (nameof(Domain.Agent.Tags) or nameof(Domain.Agent.Capabilities))).Take(8).ToList();
        Assert.Equal(8, columns.Count);
        for (var subset = 1; subset < 256; subset++)
        {
            await queue.Store.WriteAsync(async (write, ct) =>
            {
                var row = (await write.LockAgentAsync(agent.Id, ct))!;
                for (var i = 0; i < columns.Count; i++)
                {
                    if ((subset & 1 << i) != 0)
                        columns[i].SetValue(row, columns[i].PropertyType == typeof(long) ? (object)(long)subset : $"{columns[i].Name} {subset}");
                }
                return 0;
            }, default);
            Assert.InRange(queue.Store.Prepared.Count, 1, 200);
        }
        var last = await queue.Store.ReadAsync((db, ct) => db.Agents.SingleAsync(ct), default);
        Assert.All(columns, c => Assert.EndsWith("255", c.GetValue(last)!.ToString(), StringComparison.Ordinal));
    }

    private static IEnumerable<PropertyInfo> Mutable => typeof(Domain.Agent).GetProperties().Where(p => p.SetMethod is { IsPublic: true } set
        && !set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(System.Runtime.CompilerServices.IsExternalInit)));

    /// <summary>Everything that can be set, to something that it is not by birth.</summary>
    private static void Change(Domain.Agent agent)
    {
        foreach (var property in Mutable)
        {
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            property.SetValue(agent, type == typeof(string) ? (property.Name is nameof(Domain.Agent.Tags) or nameof(Domain.Agent.Capabilities) ? "[\"x\"]" : $"changed 'x' \"{property.Name}\" ü")
                : type == typeof(long) ? 1L << 52 : type == typeof(int) ? 7 : type == typeof(bool) ? true
                : type == typeof(DateTimeOffset) ? new DateTimeOffset(2031, 2, 3, 4, 5, 6, TimeSpan.Zero).AddTicks(7890)
                : type == typeof(RulesState) ? RulesState.Tampered
                : throw new NotSupportedException(property.PropertyType.Name));
        }
    }

    private static void AssertSame<T>(T expected, T actual)
    {
        foreach (var property in typeof(T).GetProperties())
            Assert.True(Equals(property.GetValue(expected), property.GetValue(actual)), $"{property.Name}: {property.GetValue(expected)} and {property.GetValue(actual)}");
    }

    private static Task<Queue> OpenAsync(string database) => Queue.OpenAsync(database == "postgres" ? PostgresCluster.Shared.NewDatabase() : null);
}
