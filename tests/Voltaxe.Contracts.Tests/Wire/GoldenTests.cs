using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Contracts.Tests.Wire;

public sealed class GoldenTests
{
    private static readonly Golden[] Goldens = [.. AgentGoldens.All, .. OperatorGoldens.All];

    public static TheoryData<int, string> Each()
    {
        var data = new TheoryData<int, string>();
        for (var index = 0; index < Goldens.Length; index++)
            data.Add(index, Goldens[index].ToString());
        return data;
    }

    [Theory]
    [MemberData(nameof(Each))]
    public void What_is_written_is_the_frozen_text(int index, string type)
    {
        Assert.Equal(Goldens[index].Text, Goldens[index].Write());
        Assert.NotEmpty(type);
    }

    [Theory]
    [MemberData(nameof(Each))]
    public void What_is_read_is_all_that_was_written(int index, string type)
    {
        Assert.Equal(Goldens[index].Text, Goldens[index].Rewrite(Goldens[index].Text));
        Assert.NotEmpty(type);
    }

    [Fact]
    public void Every_type_of_the_wire_has_a_frozen_text()
    {
        var declared = typeof(WireJson).GetCustomAttributesData()
            .Where(a => a.AttributeType == typeof(JsonSerializableAttribute))
            .Select(a => (Type)a.ConstructorArguments[0].Value!);
        Assert.Empty(declared.Except(Goldens.Select(g => g.Type)));
    }

    [Fact]
    public void Every_record_of_the_wire_is_reached_by_the_generated_serialiser()
    {
        var records = typeof(SyncRequest).Assembly.GetTypes()
            .Where(t => t is { IsClass: true, IsPublic: true, IsAbstract: false, ContainsGenericParameters: false, Namespace: "Voltaxe.Contracts.Wire" });
        Assert.DoesNotContain(records, t => WireJson.Default.GetTypeInfo(t) is null);
    }

    [Theory]
    [InlineData("""{"epoch":"e","instance":"i","n":1,"position":0}""")]
    [InlineData("""{"epoch":"e","instance":"i","n":1,"position":0,"info":null,"observed":null,"holding":null,"received":null,"results":null,"events":null,"answers":null}""")]
    [InlineData("""{"epoch":"e","instance":"i","n":1,"position":0,"holding":[],"received":[],"results":[],"events":[],"answers":[],"wait_seconds":0,"highest_seq":0}""")]
    public void Missing_null_and_empty_are_the_same_in_a_sync(string text)
    {
        var sync = JsonSerializer.Deserialize(text, WireJson.Default.SyncRequest)!;
        Assert.Equal("""{"epoch":"e","instance":"i","n":1,"position":0,"highest_seq":0,"info":null,"observed":null,"holding":[],"received":[],"results":[],"events":[],"answers":[],"wait_seconds":0}""",
            JsonSerializer.Serialize(sync, WireJson.Default.SyncRequest));
    }

    [Theory]
    [InlineData("""{"hub_time":"2026-01-31T09:30:00Z"}""")]
    [InlineData("""{"hub_time":"2026-01-31T09:30:00Z","commands":null,"recorded":null,"cancel":null,"drop":null,"asks":null,"keys":null}""")]
    public void The_hub_always_sends_every_array_and_agents_accept_their_absence(string text)
    {
        var reply = JsonSerializer.Deserialize(text, WireJson.Default.SyncReply)!;
        Assert.Equal("""{"hub_time":"2026-01-31T09:30:00Z","commands":[],"recorded":[],"cancel":[],"drop":[],"asks":[],"keys":[],"next_poll_seconds":0}""",
            JsonSerializer.Serialize(reply, WireJson.Default.SyncReply));
    }

    [Fact]
    public void Unknown_fields_are_ignored_in_a_sync_and_refused_in_the_operators_api()
    {
        var sync = JsonSerializer.Deserialize("""{"epoch":"e","instance":"i","n":1,"position":0,"new_in_v2":{"deep":[1]}}""", WireJson.Default.SyncRequest);
        Assert.Equal("e", sync!.Epoch);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<NewCommands>("""{"command":"network_isolate","new_in_v2":1}""", WireJson.Strict));
        Assert.Equal("network_isolate", JsonSerializer.Deserialize<NewCommands>("""{"command":"network_isolate"}""", WireJson.Strict)!.Command);
    }

    [Theory]
    [InlineData("""{"instance":"i","n":1,"position":0}""")]
    [InlineData("""{"epoch":"e","instance":"i","n":"1","position":0}""")]
    [InlineData("""{"epoch":"e","instance":"i","n":1.5,"position":0}""")]
    [InlineData("""{"epoch":"e","instance":"i","n":1e400,"position":0}""")]
    [InlineData("""{"epoch":"e","epoch":"f","instance":"i","n":1,"position":0}""")]
    [InlineData("""{"epoch":"e","instance":"i","n":1,"position":0,"holding":{}}""")]
    [InlineData("""{"epoch":"e","instance":"i","n":1,"position":0,"received":[{"uid":"not-a-uid","attempt":1}]}""")]
    [InlineData("""{"epoch":"e","instance":"i","n":1,"position":0,"received":[{"uid":"{0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091}","attempt":1}]}""")]
    [InlineData("""{"epoch":"e","instance":"i","n":1,"position":0,"holding":[{"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","attempt":1,"state":2}]}""")]
    [InlineData("""{"epoch":"e","instance":"i","n":1,"position":0,"holding":[{"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","attempt":1,"state":"sleeping"}]}""")]
    [InlineData("""{"epoch":"e","instance":"i","n":1,"position":0,"observed":{"isolated":"yes","rules":"none"}}""")]
    public void A_sync_of_the_wrong_shape_is_refused(string text) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(text, WireJson.Default.SyncRequest));

    [Fact]
    public void Json_that_is_too_deep_is_refused_and_not_followed()
    {
        var deep = new string('[', 100_000) + new string(']', 100_000);
        Assert.ThrowsAny<JsonException>(() => JsonSerializer.Deserialize($$"""{"epoch":"e","instance":"i","n":1,"position":0,"answers":[{"ask_id":"q","data":{{deep}}}]}""", WireJson.Default.SyncRequest));
    }

    [Fact]
    public void A_uid_is_written_in_lower_case_with_hyphens()
    {
        var text = JsonSerializer.Serialize(AgentGoldens.Envelope, WireJson.Default.Envelope);
        Assert.Contains("\"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091\"", text, StringComparison.Ordinal);
    }
}
