using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Security;
using Voltaxe.Testing;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>An operator at the API. What is not answered as asked fails with the hub's words.</summary>
public sealed class Desk(HttpClient http) : IDisposable
{
    public HttpClient Http => http;

    public static async Task<Desk> OfAsync(RunningHub hub, Role role = Role.Admin) => new(await hub.OperatorAsync(role));

    public async Task<CommandView> OrderAsync(string host, string command, object? parameters = null, int? priority = null)
    {
        var order = new NewCommands
        {
            Command = command, Hosts = [host], Reason = "because it must be", Priority = priority,
            Params = parameters is null ? null : JsonSerializer.SerializeToElement(parameters),
        };
        using var answer = await http.PostAsync("/api/v1/commands", JsonContent.Create(JsonSerializer.SerializeToNode(order, WireJson.Default.NewCommands)));
        return Read<QueuedCommands>(await AnswerOf(answer, 202)).Commands.Single();
    }

    public Task<CommandView> IsolateAsync(string host, int? priority = null) => OrderAsync(host, "network_isolate", priority: priority);

    public Task<CommandView> CollectAsync(string host, int? priority = null) => OrderAsync(host, "collect_forensics", priority: priority);

    public Task<CommandView> KillAsync(string host, int? priority = null) => OrderAsync(host, "kill_process", new { pid = 4711, name = "evil" }, priority);

    public async Task<CommandView> CommandAsync(long id)
    {
        using var answer = await http.GetAsync($"/api/v1/commands/{id}");
        return Read<CommandView>(await AnswerOf(answer, 200));
    }

    public async Task<CommandView> CancelAsync(long id)
    {
        using var answer = await TryCancelAsync(id);
        return Read<CommandView>(await AnswerOf(answer, 200));
    }

    public Task<HttpResponseMessage> TryCancelAsync(long id) => PostAsync($"/api/v1/commands/{id}/cancel", new JsonObject { ["reason"] = "changed my mind" });

    public Task<HttpResponseMessage> PostAsync(string path, JsonNode body) => http.PostAsync(path, JsonContent.Create(body));

    public async Task<JsonNode> GetAsync(string path, int expected = 200)
    {
        using var answer = await http.GetAsync(path);
        return JsonNode.Parse(await AnswerOf(answer, expected))!;
    }

    public async Task RevokeAsync(string agentId)
    {
        using var answer = await http.DeleteAsync($"/api/v1/agents/{agentId}");
        await AnswerOf(answer, 204);
    }

    /// <summary>Waits for the state; the failure shows the command as it is.</summary>
    public async Task<CommandView> UntilAsync(long id, CommandStatus status)
    {
        var last = await CommandAsync(id);
        var failure = await Record.ExceptionAsync(() => Eventually.TrueAsync(async () => (last = await CommandAsync(id)).Status == status));
        return failure is null ? last : throw new TimeoutException($"not {status}: {JsonSerializer.Serialize(last, WireJson.Default.CommandView)}", failure);
    }

    public static async Task<string> AnswerOf(HttpResponseMessage answer, int expected)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == expected, $"{answer.RequestMessage?.Method} {answer.RequestMessage?.RequestUri?.PathAndQuery}: {(int)answer.StatusCode}, not {expected}: {text}");
        return text;
    }

    public static T Read<T>(string json) where T : class => (T)JsonSerializer.Deserialize(json, typeof(T), WireJson.Default)!;

    public void Dispose() => http.Dispose();
}
