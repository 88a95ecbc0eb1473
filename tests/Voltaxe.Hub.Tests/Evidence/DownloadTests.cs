using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Live;
using Voltaxe.Hub.Security;
using Voltaxe.Hub.Tests.Transports;
using Voltaxe.Testing;

namespace Voltaxe.Hub.Tests.Evidence;

/// <summary>How operators see evidence and take copies of it.</summary>
[Collection(nameof(Hubs))]
public sealed class DownloadTests(Hubs hubs)
{
    public static TheoryData<string> Databases => RunningHub.Databases;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_copy_is_an_attachment_of_no_type_and_stands_in_the_trail(string database)
    {
        var hub = await hubs.OnAsync(database);
        var host = await Collection.BeginAsync(hub, Hubs.NewHost());
        var content = Collection.Bytes(5_000);
        var id = await host.BringAsync(content, "archive.html");
        var name = $"responder-{Guid.NewGuid():N}";
        using var desk = new Desk(hub.Client(await hub.TokenAsync(Role.Responder, name)));
        using var answer = await desk.Http.GetAsync($"/api/v1/evidence/{id}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(content, await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal($"{host.Command.Host}-{host.Command.Id}-archive.html", answer.Content.Headers.ContentDisposition.FileName);
        Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
        Assert.Equal($"\"{Collection.HashOf(content)}\"", answer.Headers.ETag!.Tag);
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());

        using var part = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/evidence/{id}") { Headers = { Range = new RangeHeaderValue(1_000, 1_999) } };
        using var partial = await desk.Http.SendAsync(part);
        Assert.Equal(HttpStatusCode.PartialContent, partial.StatusCode);
        Assert.Equal(content[1_000..2_000], await partial.Content.ReadAsByteArrayAsync());

        var trail = await hub.ReadAsync(db => db.Audit.Where(a => a.Target == "evidence:" + id && a.Action == "evidence_downloaded").ToListAsync());
        Assert.Equal(2, trail.Count);
        Assert.All(trail, line => Assert.Equal(($"operator:{name}", "done", "127.0.0.1"), (line.Actor, line.Outcome, line.Address)));
        Assert.Contains(Collection.HashOf(content), trail[0].Detail, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_cannot_be_given_is_refused_and_that_stands_in_the_trail(string database)
    {
        var hub = await hubs.OnAsync(database);
        var host = await Collection.BeginAsync(hub, Hubs.NewHost());
        var content = Collection.Bytes(1_000);
        var (id, _) = await host.OfferAsync(content);
        await host.SendAsync(id, 0, content[..400]);
        using var desk = await Desk.OfAsync(hub);
        Assert.Equal("urn:voltaxe:problem:evidence_incomplete", (await desk.GetAsync($"/api/v1/evidence/{id}", 409))["type"]!.GetValue<string>());
        await host.SendAsync(id, 400, content[400..]);
        await File.WriteAllBytesAsync(host.FileOf(id), content[1..]);
        Assert.Equal("urn:voltaxe:problem:vault_unavailable", (await desk.GetAsync($"/api/v1/evidence/{id}", 503))["type"]!.GetValue<string>());
        File.Delete(host.FileOf(id));
        await desk.GetAsync($"/api/v1/evidence/{id}", 503);
        var details = await hub.ReadAsync(db => db.Audit.Where(a => a.Target == "evidence:" + id && a.Outcome == "refused").OrderBy(a => a.Id).Select(a => a.Detail!).ToListAsync());
        Assert.Equal(["incomplete", "missing", "missing"], details.Select(d => JsonNode.Parse(d)!["why"]!.GetValue<string>()));
        foreach (var nobody in new[] { "x", "e-" + new string('0', 32), "..", "%2e%2e%2fkeys%2fseal.key" })
        {
            using var answer = await desk.Http.GetAsync($"/api/v1/evidence/{nobody}");
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Who_may_only_look_gets_no_evidence_and_the_trail_says_who_asked()
    {
        var hub = await hubs.OnAsync("sqlite");
        var host = await Collection.BeginAsync(hub, Hubs.NewHost());
        var id = await host.BringAsync(Collection.Bytes(100));
        foreach (var role in new[] { Role.Viewer, Role.Approver })
        {
            var name = $"looker-{Guid.NewGuid():N}";
            using var desk = new Desk(hub.Client(await hub.TokenAsync(role, name)));
            await desk.GetAsync($"/api/v1/evidence/{id}", 403);
            await desk.GetAsync("/api/v1/evidence", 403);
            await Eventually.TrueAsync(async () => (await hub.AuditAsync()).Contains($"operator:{name} access_refused /api/v1/evidence/{{id}} refused"));
        }
        Assert.DoesNotContain(await hub.AuditAsync(), line => line.EndsWith($"evidence_downloaded evidence:{id} done", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task The_list_is_filtered_by_command_and_host_and_comes_in_pages_newest_first(string database)
    {
        var hub = await hubs.OnAsync(database);
        var host = await Collection.BeginAsync(hub, Hubs.NewHost());
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
            ids.Add((await host.OfferAsync(Collection.Bytes(10), $"part-{i}")).EvidenceId);
        await host.EndAsync();
        var second = await host.AgainAsync();
        ids.Add(await second.BringAsync(Collection.Bytes(10), "whole"));
        ids.Reverse();
        using var desk = await Desk.OfAsync(hub, Role.Responder);

        var seen = new List<string>();
        string? after = null;
        do
        {
            var page = await desk.GetAsync($"/api/v1/evidence?host={host.Command.Host.ToUpperInvariant()}&limit=4" + (after is null ? "" : $"&after={after}"));
            seen.AddRange(page["items"]!.AsArray().Select(e => e!["id"]!.GetValue<string>()));
            after = page["next"]?.GetValue<string>();
        }
        while (after is not null);
        Assert.Equal(ids, seen);
        var one = Assert.Single((await desk.GetAsync($"/api/v1/evidence?command={second.Command.Id}&host={host.Agent.Identity.AgentId}"))["items"]!.AsArray())!;
        Assert.Equal((second.Command.Uid.ToString(), "whole", 10, 10, true), (one["command_uid"]!.GetValue<string>(), one["name"]!.GetValue<string>(), one["size"]!.GetValue<int>(), one["received"]!.GetValue<int>(), one["complete"]!.GetValue<bool>()));
        Assert.Empty((await desk.GetAsync($"/api/v1/evidence?command={second.Command.Id}&host=nowhere"))["items"]!.AsArray());
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Whoever_watches_sees_the_bytes_arrive(string database)
    {
        var hub = await hubs.OnAsync(database);
        var host = await Collection.BeginAsync(hub, Hubs.NewHost());
        var content = Collection.Bytes(3_000);
        using var watching = new CancellationTokenSource();
        await using var scope = hub.App.Services.CreateAsyncScope();
        var view = await scope.ServiceProvider.GetRequiredService<IEvidenceReader>().WatchEvidenceAsync(new() { Command = host.Command.Id }, 50, watching.Token);
        Assert.Empty(view.Snapshot);
        var latest = new Dictionary<string, EvidenceView?>();
        var reading = ReadAsync();
        var (part, _) = await host.OfferAsync(Collection.Bytes(50));
        await Eventually.TrueAsync(() => Row(part)?.Received == 0);
        var (id, _) = await host.OfferAsync(content);
        await Eventually.TrueAsync(() => Row(id)?.Received == 0 && Row(part) is null);
        await host.SendAsync(id, 0, content[..1_000]);
        await Eventually.TrueAsync(() => Row(id)?.Received == 1_000);
        await host.SendAsync(id, 1_000, content[1_000..]);
        await Eventually.TrueAsync(() => Row(id)?.Complete == true);
        var other = await Collection.BeginAsync(hub, Hubs.NewHost());
        await other.BringAsync(content);
        await watching.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        Assert.Equal([part, id], latest.Keys.Where(k => latest[k] is null || latest[k]!.CommandId == host.Command.Id).Intersect([part, id]));
        Assert.DoesNotContain(latest.Values, row => row is not null && row.CommandId != host.Command.Id);

        EvidenceView? Row(string key)
        {
            lock (latest)
                return latest.GetValueOrDefault(key);
        }

        async Task ReadAsync()
        {
            await foreach (var batch in view.Changes)
            {
                lock (latest)
                {
                    foreach (var change in batch)
                        latest[change.Id] = change.Row;
                }
            }
        }
    }
}
