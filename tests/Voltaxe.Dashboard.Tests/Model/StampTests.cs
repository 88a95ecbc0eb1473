using Voltaxe.Dashboard.Model.Texts;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Model;

public class StampTests
{
    [Theory]
    [InlineData(0.004, "4 ms")]
    [InlineData(0.9999, "999 ms")]
    [InlineData(1.25, "1.2 s")]
    [InlineData(42.9, "42 s")]
    [InlineData(184, "3 min 4 s")]
    [InlineData(180, "3 min")]
    [InlineData(7500, "2 h 5 min")]
    [InlineData(90_000, "1 d 1 h")]
    [InlineData(-5, "0 ms")]
    public void A_span_is_said_in_its_two_largest_units(double seconds, string words) => Assert.Equal(words, Stamp.Span(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("2026-03-01T09:30:05Z", "09:30:05")]
    [InlineData("2026-02-28T09:30:05Z", "28 Feb 09:30")]
    [InlineData("2025-12-31T23:59:59Z", "2025-12-31")]
    [InlineData("2026-03-01T01:30:05+02:00", "28 Feb 23:30")]
    public void A_time_is_as_short_as_the_day_allows_and_always_utc(string time, string words) =>
        Assert.Equal(words, Stamp.Short(DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture), Given.Noon));

    [Fact]
    public void The_full_stamp_is_iso_8601_with_z() => Assert.Equal("2026-03-01T12:00:00.000Z", Stamp.Full(Given.Noon.ToOffset(TimeSpan.FromHours(5))));
}
