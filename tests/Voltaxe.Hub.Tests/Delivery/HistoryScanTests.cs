using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Delivery;

namespace Voltaxe.Hub.Tests.Delivery;

/// <summary>The history grows for ever; what a command costs must not. So no question of the queue reads the whole table.</summary>
public sealed partial class HistoryScanTests
{
    [Fact]
    public async Task Nothing_that_the_queue_asks_of_SQLite_reads_the_whole_history()
    {
        await using var queue = await Queue.OpenAsync(null);
        using var asked = new Statements(queue.ConnectionString);
        // For a second after a moment in which nobody listened, EF Core does not look whether somebody does.
        await Voltaxe.Testing.Eventually.TrueAsync(async () => await queue.CountAsync() == 0 && asked.Texts.Count > 0);
        asked.Forget();

        var agent = await queue.EnrolAsync("web-01");
        var polled = await queue.IsolateAsync("web-01");
        await agent.SyncAsync();
        await agent.SyncAsync(results: [QueueAgent.Ended(polled)]);
        await agent.ConnectAsync();
        var pushed = await queue.KillAsync("web-01");
        await queue.Pump.PushOnceAsync([agent.Id], default);
        await agent.SyncAsync(results: [QueueAgent.Ended(pushed)]);
        await queue.EnrolAsync("web-02");
        await queue.TryQueueAsync(CommandNames.NetworkIsolate, ["web-01", "web-02"]);
        await queue.CancelAsync((await queue.RestoreAsync("web-01")).Id);
        await queue.Get<Sweeper>().SweepOnceAsync(default);
        await ActivatorUtilities.CreateInstance<PresenceLoop>(queue.Get<IServiceProvider>()).ScanOnceAsync(default);
        await queue.Store.ReadAsync((db, ct) => queue.Get<AgentViews>().LoadAsync(db, null, ct), default);

        await using var connection = new SqliteConnection(queue.ConnectionString);
        await connection.OpenAsync();
        var plans = asked.Texts.Concat(queue.Store.Prepared).Where(t => t.Contains("pending_commands", StringComparison.Ordinal)).Distinct().Select(t => (Text: t, Plan: PlanOf(connection, t))).ToList();
        Assert.Contains(plans, p => p.Plan.Contains("ix_pending_commands_open", StringComparison.Ordinal));
        Assert.Contains(plans, p => p.Text.Contains("json_each", StringComparison.Ordinal));
        Assert.Contains(plans, p => p.Plan.Contains("ix_pending_commands_given_up", StringComparison.Ordinal));
        Assert.Contains(plans, p => p.Plan.Contains("ix_pending_commands_status_open", StringComparison.Ordinal));
        foreach (var (text, plan) in plans)
        {
            Assert.False(WholeTable().Matches(plan).Any(m => !plan.Contains("CO-ROUTINE " + m.Groups[1].Value, StringComparison.Ordinal)), $"{plan}\nis how this is answered:\n{text}");
            // Every command that a host ever had is a history, too.
            Assert.False(plan.Contains("ix_pending_commands_agent_id_id", StringComparison.Ordinal), $"{plan}\nis how this is answered:\n{text}");
        }
    }

    private static string PlanOf(SqliteConnection connection, string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + text;
        foreach (var name in Parameter().Matches(text).Select(m => m.Value).Distinct())
            command.Parameters.AddWithValue(name, DBNull.Value);
        using var reader = command.ExecuteReader();
        var lines = new List<string>();
        while (reader.Read())
            lines.Add(reader.GetString(3));
        return string.Join('\n', lines);
    }

    [GeneratedRegex(@"@\w+")]
    private static partial Regex Parameter();

    /// <summary>The table is <c>p</c> in what EF Core writes. A scan of an index over what is open is short.</summary>
    [GeneratedRegex(@"^SCAN (p\d?|pending_commands)(?! USING (COVERING )?INDEX ix_pending_commands_(open|status_open|given_up))", RegexOptions.Multiline)]
    private static partial Regex WholeTable();

    /// <summary>What one database is asked, as EF Core tells its diagnostics.</summary>
    private sealed class Statements : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
    {
        private readonly string dataSource;
        private readonly List<string> texts = [];
        private readonly List<IDisposable> subscriptions = [];

        public Statements(string connectionString)
        {
            dataSource = new SqliteConnectionStringBuilder(connectionString).DataSource;
            subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
        }

        public IReadOnlyList<string> Texts
        {
            get
            {
                lock (texts)
                    return [.. texts];
            }
        }

        public void Forget()
        {
            lock (texts)
                texts.Clear();
        }

        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == Microsoft.EntityFrameworkCore.DbLoggerCategory.Name)
                subscriptions.Add(value.Subscribe(this));
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value.Value is not CommandExecutedEventData done || done.Connection.DataSource != dataSource)
                return;
            lock (texts)
                texts.Add(done.Command.CommandText);
        }

        public void OnCompleted() { }

        public void OnError(Exception error) => throw error;

        public void Dispose() => subscriptions.ForEach(s => s.Dispose());
    }
}
