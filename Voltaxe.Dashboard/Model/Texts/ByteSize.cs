using System.Globalization;

namespace Voltaxe.Dashboard.Model.Texts;

/// <summary>Sizes as the screen says them.</summary>
public static class ByteSize
{
    private static readonly string[] Units = ["KiB", "MiB", "GiB", "TiB"];

    /// <summary>"512 B", "1.5 KiB", "2 GiB". Never rounded up to what is not there.</summary>
    public static string Say(long bytes)
    {
        if (bytes < 1024)
            return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
        var (size, unit) = (bytes / 1024m, 0);
        for (; size >= 1024 && unit < Units.Length - 1; unit++)
            size /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{decimal.Floor(size * 10) / 10:0.#} {Units[unit]}");
    }
}
