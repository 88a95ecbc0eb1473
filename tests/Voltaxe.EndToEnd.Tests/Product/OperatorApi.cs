using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Testing;

namespace Voltaxe.EndToEnd.Tests.Product;

/// <summary>The operators' API as a person with a token uses it. Every call fails with the hub's words unless it was answered as asked.</summary>
public sealed class OperatorApi : IDisposable
{
    public OperatorApi(HttpClient http, string token)
    {
        Http = http;
        Token = token;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public HttpClient Http { get; }
    public string Token { get; }

    /// <summary>One order for one host.</summary>
    public async Task<CommandView> QueueAsync(string host, string command, object? parameters = null, string reason = "end-to-end test", int? priority = null, string? key = null) =>
        (await QueueAsync(new NewCommands
        {
            Command = command, Hosts = [host], Reason = reason, Priority = priority,
            Params = parameters is null ? null : JsonSerializer.SerializeToElement(parameters),
        }, key)).Commands.Single();

    public async Task<QueuedCommands> QueueAsync(NewCommands order, string? key = null)
    {
        using var answer = await TryQueueAsync(JsonSerializer.SerializeToNode(order, WireJson.Default.NewCommands)!, key);
        return await ReadAsync<QueuedCommands>(answer, HttpStatusCode.Accepted);
    }

    /// <summary>Any body, for refusals.</summary>
    public async Task<HttpResponseMessage> TryQueueAsync(JsonNode body, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/commands") { Content = JsonContent.Create(body) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await Http.SendAsync(request);
    }

    public Task<CommandView> CommandAsync(long id) => GetAsync<CommandView>($"/api/v1/commands/{id}");

    public Task<Page<CommandView>> CommandsAsync(string query = "") => GetAsync<Page<CommandView>>("/api/v1/commands" + query);

    public Task<Page<EvidenceView>> EvidenceAsync(string query = "") => GetAsync<Page<EvidenceView>>("/api/v1/evidence" + query);

    /// <summary>All evidence of one command, the replaced included.</summary>
    public async Task<IReadOnlyList<EvidenceView>> EvidenceOfAsync(CommandView command) =>
        (await EvidenceAsync(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"?command={command.Id}"))).Items;

    public Task<AgentView> AgentAsync(string hostOrId) => GetAsync<AgentView>("/api/v1/agents/" + Uri.EscapeDataString(hostOrId));

    public async Task<CommandView> CancelAsync(long id, string reason = "end-to-end test")
    {
        using var answer = await TryCancelAsync(id, reason);
        return await ReadAsync<CommandView>(answer, HttpStatusCode.OK);
    }

    public Task<HttpResponseMessage> TryCancelAsync(long id, string reason = "end-to-end test") =>
        Http.PostAsJsonAsync($"/api/v1/commands/{id}/cancel", new JsonObject { ["reason"] = reason });

    /// <summary>A legacy agent and its static token.</summary>
    public async Task<NewAgentReply> NewLegacyAgentAsync(string host)
    {
        using var answer = await Http.PostAsJsonAsync("/api/v1/agents", new JsonObject { ["hostname"] = host, ["legacy"] = true });
        return await ReadAsync<NewAgentReply>(answer, HttpStatusCode.Created);
    }

    /// <summary>As the hub's command line makes one, without the start of a process.</summary>
    public async Task<string> EnrolmentTokenAsync(int uses = 1)
    {
        using var answer = await Http.PostAsJsonAsync("/api/v1/enrollment-tokens", new JsonObject { ["uses"] = uses });
        return (await ReadAsync<NewEnrolmentTokenReply>(answer, HttpStatusCode.Created)).Token;
    }

    public async Task RevokeAsync(string agentId)
    {
        using var answer = await Http.DeleteAsync("/api/v1/agents/" + Uri.EscapeDataString(agentId));
        if (answer.StatusCode != HttpStatusCode.NoContent)
            throw new InvalidOperationException($"revoking was answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>Waits until the command is in one of these states; the failure shows what it is in instead.</summary>
    public async Task<CommandView> UntilAsync(long id, TimeSpan? within, params CommandStatus[] states)
    {
        var last = await CommandAsync(id);
        try
        {
            await Eventually.TrueAsync(async () =>
            {
                last = await CommandAsync(id);
                return states.Contains(last.Status);
            }, within, "the command's state");
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"command {id} is {Words.Of(last.Status)}, not {string.Join(" or ", states.Select(Words.Of))}: {JsonSerializer.Serialize(last, WireJson.Default.CommandView)}");
        }
        return last;
    }

    public Task<CommandView> UntilEndedAsync(long id, TimeSpan? within = null) => UntilAsync(id, within,
        CommandStatus.Executed, CommandStatus.Failed, CommandStatus.Rejected, CommandStatus.Cancelled, CommandStatus.Expired, CommandStatus.Superseded, CommandStatus.Denied, CommandStatus.Unknown);

    public void Dispose() => Http.Dispose();

    private async Task<T> GetAsync<T>(string path) where T : class
    {
        using var answer = await Http.GetAsync(path);
        return await ReadAsync<T>(answer, HttpStatusCode.OK);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer, HttpStatusCode expected) where T : class
    {
        var text = await answer.Content.ReadAsStringAsync();
        return answer.StatusCode == expected
            ? (T)JsonSerializer.Deserialize(text, typeof(T), WireJson.Default)!
            : throw new InvalidOperationException($"{answer.RequestMessage?.Method} {answer.RequestMessage?.RequestUri?.PathAndQuery} was answered {(int)answer.StatusCode}, not {(int)expected}: {text}");
    }
}
