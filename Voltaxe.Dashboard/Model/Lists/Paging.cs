using System.Globalization;

namespace Voltaxe.Dashboard.Model.Lists;

/// <summary>One page out of a known number of rows. A page past the end is the last one.</summary>
public sealed record Paging(int Page, int Size, int Total)
{
    public static IReadOnlyList<int> Sizes { get; } = [25, 50, 100, 200];

    public int Pages => Math.Max(1, (Total + Size - 1) / Size);

    public int Skip => (Page - 1) * Size;

    public string Words => Total == 0 ? "0 of 0"
        : string.Create(CultureInfo.InvariantCulture, $"{Skip + 1:N0}–{Math.Min(Skip + Size, Total):N0} of {Total:N0}");

    public static Paging Of(int page, int size, int total)
    {
        var all = new Paging(1, size, total);
        return all with { Page = Math.Clamp(page, 1, all.Pages) };
    }

    public static int PageOf(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var page) && page is >= 1 and <= 1_000_000 ? page : 1;

    public static int SizeOf(string? text, int fallback) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && Sizes.Contains(size) ? size : fallback;
}
