using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Security;
using static Voltaxe.Hub.Tests.Agents.EnrolmentTests;
using static Voltaxe.Hub.Tests.Agents.RevocationTests;

namespace Voltaxe.Hub.Tests.Security;

public sealed class BodyTests(HubForAll shared) : IClassFixture<HubForAll>
{
    [Theory]
    [InlineData("""{"uses":0}""", "uses")]
    [InlineData("""{"uses":1001}""", "uses")]
    [InlineData("""{"uses":"1"}""", "uses")]
    [InlineData("""{"uses":1.5}""", "uses")]
    [InlineData("""{"uses":1,"uses":2}""", "uses")]
    [InlineData("""{"Uses":1}""", "Uses")]
    [InlineData("""{"use":1}""", "use")]
    [InlineData("""{"expires_in_seconds":0}""", "expires_in_seconds")]
    [InlineData("""{"tags":["a b"]}""", "tags")]
    [InlineData("""{"tags":[7]}""", "tags[0]")]
    [InlineData("""{"tags":[null]}""", "tags")]
    [InlineData("""{"<script>":1}""", "body")]
    [InlineData("""{"uses":1""", "uses")]
    [InlineData("""[]""", "body")]
    [InlineData("null", "body")]
    [InlineData("", "body")]
    public async Task What_is_wrong_in_a_body_is_named_by_its_field(string json, string field)
    {
        var hub = shared.Hub;
        using var admin = await hub.OperatorAsync(Role.Admin);
        var problem = JsonNode.Parse(await TextAsync(PostAsync(admin, "/api/v1/enrollment-tokens", json), 400))!;
        Assert.Equal("urn:voltaxe:problem:invalid_request", problem["type"]!.GetValue<string>());
        Assert.NotEmpty(problem["trace_id"]!.GetValue<string>());
        Assert.Equal(field, Assert.Single(problem["errors"]!.AsObject()).Key);
        Assert.Equal(0, await hub.ReadAsync(db => db.EnrolmentTokens.CountAsync()));
    }

    [Fact]
    public async Task Another_content_type_and_too_large_a_body_are_refused()
    {
        var hub = shared.Hub;
        using var admin = await hub.OperatorAsync(Role.Admin);
        Assert.Contains("unsupported_media_type", await TextAsync(PostAsync(admin, "/api/v1/enrollment-tokens", "{}", "text/plain"), 415));
        Assert.Contains("too_large", await TextAsync(PostAsync(admin, "/api/v1/enrollment-tokens", new string(' ', 300_000)), 413));
        Assert.Contains("\"body\"", await TextAsync(PostAsync(admin, "/api/v1/enrollment-tokens", string.Concat(Enumerable.Repeat("[", 5_000))), 400));
    }

    [Fact]
    public async Task Bytes_that_are_no_unicode_are_refused_and_not_failed_on()
    {
        using var admin = await shared.Hub.OperatorAsync(Role.Admin);
        byte[] body = [.. "{\"command\":\"kill_process\",\"hosts\":[\"a\"],\"reason\":\"because\",\"params\":{\"pid\":7,\"name\":\""u8, 0xff, .. "\"}}"u8];
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
        using var answer = await admin.PostAsync("/api/v1/commands", content);
        Assert.Equal(400, (int)answer.StatusCode);
        Assert.Contains("\"body\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_open_doors_turn_away_who_knocks_too_often()
    {
        await using var hub = await RunningHub.StartAsync(settings: ("Voltaxe:Doors:AgentsPerMinute", "3"));
        for (var i = 0; i < 3; i++)
            await TextAsync(PostAsync(hub.Http, "/agent/v1/token", "{}"), 401);
        using var answer = await PostAsync(hub.Http, "/agent/v1/token", "{}");
        Assert.Equal(429, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.NotNull(answer.Headers.RetryAfter);
    }
}
