using System.Text.Json;
using System.Text.Json.Serialization;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Contracts.Tests.Wire;

public sealed class EnumWordTests
{
    private static readonly Dictionary<Type, string> Frozen = new()
    {
        [typeof(CommandStatus)] = "awaiting_approval pending delivered executed failed rejected cancelled expired superseded denied unknown",
        [typeof(UnknownWhy)] = "no_report agent_crash journal_lost agent_retired",
        [typeof(Outcome)] = "executed failed rejected cancelled expired superseded unknown",
        [typeof(HoldingState)] = "received started finished",
        [typeof(CancelWhy)] = "cancelled expired superseded",
        [typeof(DropWhy)] = "conflict unknown_uid",
        [typeof(RulesState)] = "none intact missing tampered",
        [typeof(Channel)] = "push poll",
        [typeof(Presence)] = "live polling stale offline never",
        [typeof(Containment)] = "normal isolating isolated restoring unknown",
    };

    public static TheoryData<Type> Enums() => [.. Frozen.Keys];

    [Theory]
    [MemberData(nameof(Enums))]
    public void The_words_are_frozen_and_the_same_in_json_and_elsewhere(Type type)
    {
        var json = Enum.GetValuesAsUnderlyingType(type).Cast<object>()
            .Select(value => JsonSerializer.Serialize(Enum.ToObject(type, value), type, WireJson.Default).Trim('"'));
        Assert.Equal(Frozen[type].Split(' '), json);
    }

    [Fact]
    public void Every_enum_that_is_written_as_a_word_is_in_the_table()
    {
        var onTheWire = typeof(SyncRequest).Assembly.GetTypes()
            .Where(t => t.IsEnum && t.GetCustomAttributesData().Any(a => a.AttributeType == typeof(JsonConverterAttribute)));
        Assert.Equal(onTheWire.OrderBy(t => t.Name, StringComparer.Ordinal), Frozen.Keys.OrderBy(t => t.Name, StringComparer.Ordinal));
    }

    [Fact]
    public void Words_go_there_and_back_and_nothing_else_is_a_word()
    {
        foreach (var status in Enum.GetValues<CommandStatus>())
        {
            Assert.True(Words.TryParse<CommandStatus>(Words.Of(status), out var read));
            Assert.Equal(status, read);
        }
        foreach (var wrong in new[] { null, "", "Pending", "PENDING", " pending", "pending ", "awaitingapproval", "AwaitingApproval", "0", "1", "pending,delivered" })
            Assert.False(Words.TryParse<CommandStatus>(wrong, out _), wrong);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("\"1\"")]
    [InlineData("\"executed, failed\"")]
    [InlineData("\"Executed\"")]
    [InlineData("\" executed\"")]
    [InlineData("\"\\ud800\"")]
    [InlineData("\"done\"")]
    [InlineData("null")]
    public void Numbers_and_unknown_words_are_refused(string outcome) =>
        Assert.ThrowsAny<JsonException>(() => JsonSerializer.Deserialize($$"""{"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","attempt":1,"outcome":{{outcome}}}""", WireJson.Default.ResultReport));
}
