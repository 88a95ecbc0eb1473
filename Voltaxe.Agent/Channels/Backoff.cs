namespace Voltaxe.Agent.Channels;

/// <summary>Full jitter: after the n-th failure in a row, a random wait between nothing and 2ⁿ seconds, at most a minute.</summary>
/// <param name="random">From 0 to 1.</param>
public sealed class Backoff(Func<double> random)
{
    public static readonly TimeSpan First = TimeSpan.FromSeconds(1), Cap = TimeSpan.FromSeconds(60);

    private int failures;

    public TimeSpan Next()
    {
        var longest = Math.Min(Cap.TotalSeconds, First.TotalSeconds * Math.Pow(2, Math.Min(failures, 16)));
        failures++;
        return TimeSpan.FromSeconds(longest * random());
    }

    public void Reset() => failures = 0;
}
