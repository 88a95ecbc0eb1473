using System.Globalization;

namespace Voltaxe.Dashboard.Model.Texts;

/// <summary>Times and spans as the screen says them, always in UTC.</summary>
public static class Stamp
{
    private static readonly CultureInfo Plain = CultureInfo.InvariantCulture;

    /// <summary>For <c>datetime</c> and <c>title</c>: the whole truth, to the millisecond.</summary>
    public static string Full(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", Plain);

    /// <summary>As short as it can be without a doubt about the day: "09:30:05" today, "1 Mar 09:30" this year, "2025-03-01" before.</summary>
    public static string Short(DateTimeOffset time, DateTimeOffset now)
    {
        var (t, n) = (time.UtcDateTime, now.UtcDateTime);
        return t.Date == n.Date ? t.ToString("HH:mm:ss", Plain)
            : t.Year == n.Year ? t.ToString("d MMM HH:mm", Plain)
            : t.ToString("yyyy-MM-dd", Plain);
    }

    /// <summary>"4 ms", "1.2 s", "3 min 4 s", "2 h 5 min", "3 d 1 h". Never negative: clocks that disagree show as 0.</summary>
    public static string Span(TimeSpan span)
    {
        if (span < TimeSpan.Zero)
            span = TimeSpan.Zero;
        return span switch
        {
            { TotalSeconds: < 1 } => Invariant($"{Math.Floor(span.TotalMilliseconds):0} ms"),
            { TotalSeconds: < 10 } => Invariant($"{Math.Floor(span.TotalSeconds * 10) / 10:0.0} s"),
            { TotalMinutes: < 1 } => Invariant($"{span.Seconds} s"),
            { TotalHours: < 1 } => Two(span.Minutes, "min", span.Seconds, "s"),
            { TotalDays: < 1 } => Two(span.Hours, "h", span.Minutes, "min"),
            _ => Two((int)span.TotalDays, "d", span.Hours, "h"),
        };
    }

    private static string Two(int large, string largeUnit, int small, string smallUnit) =>
        small == 0 ? Invariant($"{large} {largeUnit}") : Invariant($"{large} {largeUnit} {small} {smallUnit}");

    private static string Invariant(FormattableString text) => text.ToString(Plain);
}
