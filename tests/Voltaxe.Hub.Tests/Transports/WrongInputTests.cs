using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Security;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>Refused with a problem that names the field, and nothing is changed by it.</summary>
public abstract class WrongInputTests(string database) : IAsyncLifetime
{
    private readonly Dictionary<string, string> tokens = [];
    private RunningHub hub = null!;
    private Desk desk = null!;
    private CommandView queued = null!;

    public async Task InitializeAsync()
    {
        if (database == "postgres" && Machine.WhatIsMissing(Needs.Postgres) is not null)
            return;
        hub = await RunningHub.StartAsync(database);
        desk = await Desk.OfAsync(hub);
        tokens["admin"] = await hub.TokenAsync(Role.Admin);
        tokens["sentinel"] = (await hub.LegacyAgentAsync("web-01")).Token;
        tokens["agent"] = await (await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-02")).AccessTokenAsync();
        queued = await desk.IsolateAsync("web-01");
    }

    public async Task DisposeAsync()
    {
        if (hub is null)
            return;
        desk.Dispose();
        await hub.DisposeAsync();
    }

    protected async Task EveryCaseAsync()
    {
        var before = await Dump.OfAsync(hub);
        var failures = new List<string>();
        foreach (var wrong in WrongInputCases.All)
        {
            if (await FaultOfAsync(wrong) is { } fault)
                failures.Add($"{wrong}\n    {fault}");
            else if (await Dump.OfAsync(hub) is var after && after != before)
                failures.Add($"{wrong}\n    changed the database from\n{before}to\n{before = after}");
        }
        Assert.True(failures.Count == 0, $"{failures.Count} of {WrongInputCases.All.Count()}:\n{string.Join('\n', failures)}");
    }

    protected async Task OneUnknownOfFiveHundredAsync()
    {
        var token = await hub.EnrolmentTokenAsync(uses: 3);
        var before = await Dump.OfAsync(hub);
        string[] hosts = [.. Enumerable.Repeat("web-01", 498), "WEB-02", "Web-404"];
        using var answer = await desk.PostAsync("/api/v1/commands", new JsonObject
        {
            ["command"] = "network_isolate", ["reason"] = "because it must be", ["hosts"] = new JsonArray([.. hosts.Select(h => JsonValue.Create(h))]),
        });
        var problem = JsonNode.Parse(await Desk.AnswerOf(answer, 404))!;
        Assert.Equal(["Web-404"], problem["errors"]!["hosts"]!.AsArray().Select(h => h!.GetValue<string>()));
        Assert.Contains("Web-404", problem["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(before, await Dump.OfAsync(hub));
        Assert.NotEmpty(token);
    }

    private async Task<string?> FaultOfAsync(WrongInput wrong)
    {
        var words = Filled(wrong.Request).Split(' ', 2);
        using var request = new HttpRequestMessage(new HttpMethod(words[0]), words[1]);
        if (tokens.TryGetValue(wrong.Who, out var token))
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (wrong.Body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Filled(wrong.Body)));
            request.Content.Headers.ContentType = wrong.Type.Length == 0 ? null : new MediaTypeHeaderValue(wrong.Type);
        }
        using var answer = await hub.Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        if ((int)answer.StatusCode != wrong.Status)
            return $"{(int)answer.StatusCode}, not {wrong.Status}: {text}";
        // A path that is no path is refused by the server below us, without a body.
        if (words[1].Contains("/%00", StringComparison.Ordinal))
            return null;
        if (answer.Content.Headers.ContentType?.MediaType != "application/problem+json" || JsonNode.Parse(text) is not JsonObject problem)
            return "no problem: " + text;
        if (problem["type"]?.GetValue<string>().StartsWith("urn:voltaxe:problem:", StringComparison.Ordinal) != true || problem["trace_id"] is null || problem["status"]?.GetValue<int>() != wrong.Status)
            return "not a whole problem: " + text;
        return wrong.Field is null || problem["errors"]?[wrong.Field] is JsonArray { Count: > 0 } ? null : $"errors do not name {wrong.Field}: {text}";
    }

    private string Filled(string text) => text
        .Replace("$host", "web-01", StringComparison.Ordinal)
        .Replace("$uid", queued.Uid.ToString(), StringComparison.Ordinal)
        .Replace("$id", queued.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
}

public sealed class SqliteWrongInputTests() : WrongInputTests("sqlite")
{
    [Fact]
    public Task Every_kind_of_wrong_input_is_refused_by_its_field_and_changes_nothing() => EveryCaseAsync();

    [Fact]
    public Task One_unknown_host_of_five_hundred_is_named_and_nothing_is_queued() => OneUnknownOfFiveHundredAsync();
}

public sealed class PostgresWrongInputTests() : WrongInputTests("postgres")
{
    [NeedsFact(Needs.Postgres)]
    public Task Every_kind_of_wrong_input_is_refused_by_its_field_and_changes_nothing() => EveryCaseAsync();

    [NeedsFact(Needs.Postgres)]
    public Task One_unknown_host_of_five_hundred_is_named_and_nothing_is_queued() => OneUnknownOfFiveHundredAsync();
}
