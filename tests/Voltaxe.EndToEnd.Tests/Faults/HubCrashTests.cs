using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;
using Xunit.Abstractions;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>
/// Acceptance 5: the hub is SIGKILLed on entering a write or a sync of its database, which is always in the middle of something: an enqueue, a
/// claim, a recording. What it answered 202 to exists; what it did not answer exists whole or not at all.
/// </summary>
[Collection(RealProcesses.Name)]
public sealed class HubCrashTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(5);
    private static readonly string[] Hosts = ["web-01", "web-02"], Database = ["voltaxe.db", "voltaxe.db-wal"];

    /// <summary>Before a sync everything of a transaction has been handed to the kernel; between its writes only a part of it.</summary>
    private static readonly (string Call, int Nth)[] Moments = [("fsync,fdatasync", 1), ("pwrite64", 1), ("fsync,fdatasync", 3), ("pwrite64", 8)];

    [NeedsFact(Needs.Strace)]
    public async Task Whenever_the_hub_is_killed_it_comes_back_with_all_that_it_accepted()
    {
        await using var site = await Site.StartAsync();
        var agents = await Task.WhenAll(Hosts.Select(host => site.StartAgentAsync(host)));
        var usual = await RestartAsync(site, null);
        var accepted = new List<CommandView>();
        foreach (var (call, nth) in Moments)
        {
            await Task.WhenAll(Hosts.Select(site.LiveAsync));
            await using (await FaultyDisk.UnderAsync(site.Hub.Process, $"{call}:signal=KILL:when={nth}"))
            {
                var keys = new List<(string Key, JsonObject Body)>();
                await Task.WhenAll(Hosts.Select(host => OrderUntilItDiesAsync(site, host, call + nth, accepted, keys)));
                await site.Hub.Process.ExitAsync(Site.Patience);
                var away = await RestartAsync(site, usual);
                output.WriteLine($"killed on entering {call} number {nth} of a thread, {accepted.Count} accepted so far, serving again after {away.TotalMilliseconds:0} ms");
                // The same request again: whatever the hub had made of it is answered, not made twice.
                foreach (var (key, body) in keys)
                {
                    using var again = await site.Operator.TryQueueAsync(body.DeepClone(), key);
                    Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
                    accepted.AddRange(JsonSerializer.Deserialize(await again.Content.ReadAsStringAsync(), WireJson.Default.QueuedCommands)!.Commands);
                }
            }
            AssertSound(site);
        }
        foreach (var order in accepted)
            Assert.Equal(CommandStatus.Executed, (await site.Operator.UntilEndedAsync(order.Id, Site.Patience)).Status);
        var all = await AllAsync(site);
        Assert.Equal(accepted.Select(o => o.Uid).Distinct().Order(), all.Select(o => o.Uid).Order());
        foreach (var agent in agents)
        {
            var mine = all.Where(o => o.Host == agent.Name).Select(o => o.Uid).Order();
            Assert.Equal(mine, agent.Effects().Select(line => Guid.Parse(line.Split(' ')[1])).Order());
        }
    }

    /// <summary>
    /// The other side of each commit: what it did is on the disk, and nobody has been told yet. The hub stands still after every sync, and
    /// is killed with the first one that brought the order so far on its way to its result.
    /// </summary>
    [NeedsFact(Needs.Strace)]
    public async Task Killed_after_each_commit_of_an_order_the_hub_forgets_none_of_them()
    {
        await using var site = await Site.StartAsync();
        var agent = await site.StartAgentAsync(Hosts[0]);
        var usual = await RestartAsync(site, null);
        string[] steps = ["pending", "delivered", "executed"];
        foreach (var status in steps)
        {
            await site.LiveAsync(Hosts[0]);
            var (key, body) = Order(Hosts[0], status);
            var question = $"SELECT status FROM pending_commands ORDER BY id LIMIT 1 OFFSET {Array.IndexOf(steps, status)}";
            var disk = new DiskSteps(site.PathOf(key));
            Task<HttpResponseMessage> asking;
            await using (await disk.UnderAsync(site.Hub.Process))
            {
                asking = site.Operator.TryQueueAsync(body.DeepClone(), key);
                await disk.UntilAsync(site.Hub.Process, () => disk.Stands && AskDisk(site, question) as string == status, $"an order is {status}", Site.Patience);
                await site.Hub.Process.KillAsync();
            }
            Assert.Equal(status, Ask(site.HubFolder, question));
            await RestartAsync(site, usual);
            AssertSound(site);
            using var again = await site.Operator.TryQueueAsync(body, key);
            var order = JsonSerializer.Deserialize(await again.Content.ReadAsStringAsync(), WireJson.Default.QueuedCommands)!.Commands.Single();
            try
            {
                using var answer = await asking;
                Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            }
            catch (HttpRequestException)
            {
                // It died before it answered.
            }
            Assert.Equal(CommandStatus.Executed, (await site.Operator.UntilEndedAsync(order.Id, Site.Patience)).Status);
            Assert.Equal(1, agent.EffectsOf(order.Uid));
        }
        Assert.Equal(steps.Length, (await AllAsync(site)).Count);
    }

    /// <summary>Orders one after the other, each with a key, until the hub does not answer.</summary>
    private static async Task OrderUntilItDiesAsync(Site site, string host, string round, List<CommandView> accepted, List<(string, JsonObject)> unanswered)
    {
        for (var number = 1; number <= 200; number++)
        {
            var (key, body) = Order(host, $"{round}-{number}");
            try
            {
                using var answer = await site.Operator.TryQueueAsync(body, key);
                Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
                var queued = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), WireJson.Default.QueuedCommands)!;
                lock (accepted)
                    accepted.AddRange(queued.Commands);
            }
            catch (HttpRequestException)
            {
                lock (unanswered)
                    unanswered.Add((key, body));
                return;
            }
        }
        throw new InvalidOperationException("the hub survived 200 orders");
    }

    private static (string Key, JsonObject Body) Order(string host, string number) => ($"{host}-{number}", new JsonObject
    {
        ["command"] = CommandNames.KillProcess, ["hosts"] = new JsonArray(host), ["reason"] = "end-to-end test",
        ["params"] = new JsonObject { ["pid"] = 4_000_000, ["name"] = "nobody" },
    });

    /// <summary>How long it takes until it serves; five seconds are promised, on a machine that starts it that fast at all.</summary>
    private static async Task<TimeSpan> RestartAsync(Site site, TimeSpan? usual)
    {
        if (site.Hub.Process is { HasExited: false })
            await site.Hub.StopAsync();
        var clock = Stopwatch.StartNew();
        await site.Hub.StartAsync();
        var limit = usual is { } u && u * 3 > Promised ? u * 3 : Promised;
        Assert.True(usual is null || clock.Elapsed < limit, $"serving again after {clock.Elapsed}, usual is {usual}");
        return clock.Elapsed;
    }

    private static void AssertSound(Site site)
    {
        Assert.Equal("ok", Ask(site.HubFolder, "PRAGMA integrity_check"));
        Assert.Equal(0L, Ask(site.HubFolder, "SELECT count(*) FROM pending_commands WHERE (status = 'pending') <> (attempt = 0)"));
    }

    /// <summary>What a hub that stands still would find if it were started anew. Of a commit that has just been synced, nobody who shares its memory knows.</summary>
    private static object? AskDisk(Site site, string question)
    {
        using var copy = new TempFolder("disk");
        foreach (var file in Database.Where(file => File.Exists(Path.Combine(site.HubFolder, file))))
            File.Copy(Path.Combine(site.HubFolder, file), copy.File(file));
        return Ask(copy.Root, question);
    }

    /// <summary>The database file as somebody else sees it.</summary>
    private static object? Ask(string folder, string question)
    {
        using var db = new SqliteConnection($"Data Source={Path.Combine(folder, Database[0])};Mode=ReadWrite;Pooling=False");
        db.Open();
        using var asking = db.CreateCommand();
        asking.CommandText = question;
        return asking.ExecuteScalar();
    }

    private static async Task<List<CommandView>> AllAsync(Site site)
    {
        var all = new List<CommandView>();
        for (string? after = null; ;)
        {
            var page = await site.Operator.CommandsAsync("?limit=200" + (after is null ? "" : "&after=" + Uri.EscapeDataString(after)));
            all.AddRange(page.Items);
            if ((after = page.Next) is null)
                return all;
        }
    }
}
