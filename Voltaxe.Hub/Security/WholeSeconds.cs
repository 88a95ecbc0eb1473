namespace Voltaxe.Hub.Security;

/// <summary>Tokens carry their end in whole seconds.</summary>
public static class WholeSeconds
{
    public static DateTimeOffset Up(DateTimeOffset time)
    {
        var down = DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
        return down == time ? down : down.AddSeconds(1);
    }
}
