using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Tests.Transports;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Evidence;

/// <summary>A host that was asked for a collection and has taken the order: what it offers and sends is up to the test.</summary>
public sealed class Collection(RunningHub hub, SyncClient client, CommandView command)
{
    public CommandView Command => command;
    public WireAgent Agent => client.Agent;
    public SyncClient Client => client;

    public static async Task<Collection> BeginAsync(RunningHub hub, string host, string order = CommandNames.CollectForensics)
    {
        using var desk = await Desk.OfAsync(hub);
        var client = new SyncClient(await hub.EnrolAsync(host));
        var command = order == CommandNames.CollectForensics ? await desk.CollectAsync(host) : await desk.OrderAsync(host, order);
        Assert.Equal(command.Uid, (await client.NextAsync())!.Uid);
        return new Collection(hub, client, command);
    }

    /// <summary>Another command for the same host, taken too.</summary>
    public async Task<Collection> AgainAsync()
    {
        using var desk = await Desk.OfAsync(hub);
        var second = await desk.CollectAsync(command.Host);
        Assert.Equal(second.Uid, (await client.NextAsync())!.Uid);
        return new Collection(hub, client, second);
    }

    public static string HashOf(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public static byte[] Bytes(int count) => RandomNumberGenerator.GetBytes(count);

    public Task<EvidenceTicket> OfferAsync(byte[] content, string name = "archive.tar.gz", int expected = 201) => OfferAsync(content.Length, HashOf(content), name, expected);

    public async Task<EvidenceTicket> OfferAsync(long size, string sha256, string name = "archive.tar.gz", int expected = 201)
    {
        using var answer = await TryOfferAsync(size, sha256, name);
        return Desk.Read<EvidenceTicket>(await Desk.AnswerOf(answer, expected));
    }

    /// <summary>The slug of the refusal.</summary>
    public async Task<string> RefusedOfferAsync(int status, long size = 10, string name = "archive.tar.gz", Guid? uid = null)
    {
        using var answer = await TryOfferAsync(size, HashOf([]), name, uid);
        return SlugOf(await Desk.AnswerOf(answer, status));
    }

    public Task<HttpResponseMessage> TryOfferAsync(long size, string sha256, string name, Guid? uid = null) =>
        client.Agent.Identity.SendAsync(HttpMethod.Post, AgentRoutes.Evidence, new JsonObject
        {
            ["uid"] = (uid ?? command.Uid).ToString(),
            ["name"] = name,
            ["kind"] = "archive",
            ["size"] = size,
            ["sha256"] = sha256,
        });

    /// <summary>The status, the offset that the hub answers, and why it was refused.</summary>
    public async Task<(int Status, long? Offset, string? Why)> SendAsync(string id, long offset, HttpContent body, RunningHub? to = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, $"{AgentRoutes.Evidence}/{id}") { Content = body };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await client.Agent.Identity.AccessTokenAsync());
        request.Headers.Add(AgentRoutes.UploadOffset, offset.ToString(CultureInfo.InvariantCulture));
        using var answer = await (to ?? hub).Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        long? told = answer.Headers.TryGetValues(AgentRoutes.UploadOffset, out var values) ? long.Parse(values.Single(), CultureInfo.InvariantCulture) : null;
        return ((int)answer.StatusCode, told, text.Length > 0 ? SlugOf(text) : null);
    }

    public Task<(int Status, long? Offset, string? Why)> SendAsync(string id, long offset, byte[] body, RunningHub? to = null) =>
        SendAsync(id, offset, new ByteArrayContent(body), to);

    /// <summary>Offers it and sends it in one piece.</summary>
    public async Task<string> BringAsync(byte[] content, string name = "archive.tar.gz")
    {
        var ticket = await OfferAsync(content, name);
        Assert.Equal((204, content.Length, null), await SendAsync(ticket.EvidenceId, 0, content));
        return ticket.EvidenceId;
    }

    public async Task EndAsync()
    {
        client.Agent.Finish(client.Agent.Find(command.Uid)!, "executed", "collected");
        await client.SyncAsync();
    }

    public string FileOf(string id) => Path.Combine(hub.DataFolder, "vault", id);

    private static string SlugOf(string problem) => JsonNode.Parse(problem)!["type"]!.GetValue<string>().Split(':')[^1];
}
