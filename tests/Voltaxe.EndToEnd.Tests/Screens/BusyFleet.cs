using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing.Wire;

namespace Voltaxe.EndToEnd.Tests.Screens;

/// <summary>200 hosts in every state that can be had, with names, reasons and an operator as long as they may be.</summary>
public sealed class BusyFleet : SignedIn
{
    public const int Plain = 194;
    public static readonly string DryRun = Long("dry"), Proven = Long("proven"), Unproven = Long("unproven"), Legacy = Long("legacy"), Silent = Long("silent"), Degraded = Long("held");
    public static readonly string Person = "p" + new string('w', 63), Reason = string.Concat(Enumerable.Repeat("reason", 83));

    public CommandView Isolation { get; private set; } = null!;
    public CommandView Collection { get; private set; } = null!;
    public CommandView Pending { get; private set; } = null!;

    protected override async Task FillAsync()
    {
        var token = await Site.Operator.EnrolmentTokenAsync(Plain + 10);
        async Task<WireAgent> EnrolAsync(string host) => new(await WireIdentity.EnrolAsync(Site.Hub.Http, token, host));
        foreach (var eight in Enumerable.Range(1, Plain).Chunk(8))
            await Task.WhenAll(eight.Select(i => EnrolAsync(string.Create(CultureInfo.InvariantCulture, $"host-{i:000}"))));

        await Site.StartAgentAsync(DryRun);
        await IsolatedAsync(new SyncClient(await EnrolAsync(Proven)), "intact");
        await IsolatedAsync(new SyncClient(await EnrolAsync(Unproven)), "tampered", verified: false);
        await EnrolAsync(Degraded);
        await EnrolAsync(Silent);
        await using (var legacy = new SeedAgent(Site.Hub.Http, Legacy, (await Site.Operator.NewLegacyAgentAsync(Legacy)).Token))
        {
            await Site.Operator.QueueAsync(Legacy, CommandNames.NetworkIsolate, reason: Reason);
            await legacy.ReportAsync((await legacy.NextAsync())!, true, "isolated");
        }
        // What takes hours in the field: seen long ago, isolated since then.
        await using (var database = new SqliteConnection($"Data Source={Path.Combine(Site.HubFolder, "voltaxe.db")};Pooling=False"))
        {
            await database.OpenAsync();
            await using var age = database.CreateCommand();
            age.CommandText = """
                UPDATE agents SET last_seen_at = enrolled_at - 7200000000, isolated = 1, isolated_since = enrolled_at - 7200000000, rules = 'intact', capabilities = '["network_restore","kill_process"]' WHERE hostname = $silent;
                UPDATE agents SET last_seen_at = enrolled_at - 300000000, isolated = 0, rules = 'none', degraded = 'journal_unwritable', tags = '["pci-zone-of-the-first-kind","laptop","berlin-office-west"]' WHERE hostname = $degraded;
                """;
            age.Parameters.AddWithValue("$silent", Silent);
            age.Parameters.AddWithValue("$degraded", Degraded);
            Assert.Equal(2, await age.ExecuteNonQueryAsync());
        }
        Isolation = await Site.Operator.QueueAsync(DryRun, CommandNames.NetworkIsolate, reason: Reason);
        Collection = await Site.Operator.QueueAsync(DryRun, CommandNames.CollectForensics, new { collect = new[] { "mounts", "users" } }, Reason);
        Pending = await Site.Operator.QueueAsync(Degraded, CommandNames.NetworkIsolate, reason: Reason);
        await Site.Operator.UntilAsync(Isolation.Id, Site.Patience, CommandStatus.Executed);
        await Site.Operator.UntilAsync(Collection.Id, Site.Patience, CommandStatus.Executed);
    }

    protected override async Task SignInAsync()
    {
        Browser.Open(new Uri(await Site.Hub.ToolAsync("user", "create", Person, "--role", "admin", "--base-url", Site.Hub.Url.ToString())));
        await FirstPerson.ChoosePasswordAsync(Browser);
    }

    private async Task IsolatedAsync(SyncClient agent, string rules, bool verified = true)
    {
        await Site.Operator.QueueAsync(agent.Agent.Identity.Hostname, CommandNames.NetworkIsolate, reason: Reason);
        await agent.SyncAsync();
        var entry = agent.Agent.TakeNext()!;
        agent.Agent.Start(entry);
        agent.Agent.Finish(entry, "executed", "isolated " + Reason);
        var now = WireText.Time(agent.Agent.HubTime!.Value);
        agent.Agent.Observed = new JsonObject { ["isolated"] = true, ["since"] = now, ["verified_at"] = verified ? now : null, ["rules"] = rules };
        await agent.SyncAsync();
    }

    /// <summary>253 characters in labels of at most 63.</summary>
    private static string Long(string start) => $"{start}-{new string('a', 62 - start.Length)}.{new string('b', 63)}.{new string('c', 63)}.{new string('d', 61)}";
}
