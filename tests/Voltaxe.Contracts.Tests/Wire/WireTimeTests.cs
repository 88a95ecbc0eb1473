using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Contracts.Tests.Wire;

public sealed class WireTimeTests
{
    [Theory]
    [InlineData("2026-01-31T09:30:00Z", 0)]
    [InlineData("2026-01-31T09:30:00.2Z", 200_000)]
    [InlineData("2026-01-31T09:30:00.25Z", 250_000)]
    [InlineData("2026-01-31T09:30:00.000001Z", 1)]
    [InlineData("2026-01-31T09:30:00.100000Z", 100_000)]
    public void Rfc_3339_in_utc_is_read(string text, int microseconds)
    {
        Assert.True(WireTime.TryParse(text, out var time));
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 9, 30, 0, TimeSpan.Zero).AddMicroseconds(microseconds), time);
        Assert.Equal(TimeSpan.Zero, time.Offset);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("2026-01-31T09:30:00")]
    [InlineData("2026-01-31T09:30:00+00:00")]
    [InlineData("2026-01-31T09:30:00+02:00")]
    [InlineData("2026-01-31T09:30:00.1234567Z")]
    [InlineData("2026-01-31 09:30:00Z")]
    [InlineData("2026-01-31T09:30Z")]
    [InlineData("2026-01-31T9:30:00Z")]
    [InlineData("2026-02-30T09:30:00Z")]
    [InlineData("2026-01-31T24:00:00Z")]
    [InlineData("2026-01-31T09:30:60Z")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("02026-01-31T09:30:00Z")]
    [InlineData(" 2026-01-31T09:30:00Z")]
    [InlineData("2026-01-31T09:30:00Z ")]
    [InlineData("2026-01-31T09:30:00Z\n")]
    [InlineData("2026-01-31T09:30:00ZZ")]
    [InlineData("2026-01-31T09:30:00,5Z")]
    [InlineData("2026-01-31T09:30:00.Z")]
    [InlineData("2026-01-31T09:30:00.-5Z")]
    [InlineData("२०२६-01-31T09:30:00Z")]
    [InlineData("1769852400")]
    public void Anything_else_is_refused(string? text) => Assert.False(WireTime.TryParse(text, out _));

    [Theory]
    [InlineData("1769852400")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("\"2026-01-31T09:30:00+00:00\"")]
    [InlineData("\"\\ud800\"")]
    public void In_json_a_refusal_is_a_json_error(string json) =>
        Assert.ThrowsAny<JsonException>(() => JsonSerializer.Deserialize($$"""{"hub_time":{{json}}}""", WireJson.Default.SyncReply));

    [Fact]
    public void Every_microsecond_survives_the_way_there_and_back() =>
        Prop.ForAll(Times(), time => WireTime.TryParse(WireTime.ToText(time), out var read) && read == WireTime.Truncate(time))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void What_is_written_has_at_most_six_decimals_and_ends_with_z_whatever_the_offset() =>
        Prop.ForAll(Times(), time =>
            {
                var text = WireTime.ToText(time.ToOffset(TimeSpan.FromHours(5)));
                return text.EndsWith('Z') && text == WireTime.ToText(time) && text.Length <= "2026-01-31T09:30:00.123456Z".Length;
            })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void Order_of_texts_of_the_same_length_is_order_of_times() =>
        Prop.ForAll(Times(), Times(), (one, other) =>
            {
                var (a, b) = (WireTime.Truncate(one), WireTime.Truncate(other));
                return WireTime.ToText(a).Length != WireTime.ToText(b).Length
                    || Math.Sign(string.CompareOrdinal(WireTime.ToText(a), WireTime.ToText(b))) == Math.Sign(a.CompareTo(b));
            })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    /// <summary>Times from year 2 to 9998, so that any offset can be applied.</summary>
    private static Arbitrary<DateTimeOffset> Times() =>
        ArbMap.Default.GeneratorFor<ulong>()
            .Select(n => new DateTimeOffset((long)(n * 0x9E3779B97F4A7C15UL % (ulong)TimeSpan.FromDays(3_650_000).Ticks) + TimeSpan.TicksPerDay * 366, TimeSpan.Zero))
            .ToArbitrary();
}
