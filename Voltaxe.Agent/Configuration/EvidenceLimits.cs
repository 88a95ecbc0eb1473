namespace Voltaxe.Agent.Configuration;

/// <summary>How much one collection may take. What goes beyond is left out, and its manifest says so.</summary>
public sealed record EvidenceLimits
{
    public const long MiB = 1024 * 1024;

    /// <summary>All that is read, before compression. Default 1 GiB.</summary>
    public long MaxBytes { get; init; } = 1024 * MiB;

    /// <summary>One item, such as all temporary files. Default 512 MiB.</summary>
    public long MaxItemBytes { get; init; } = 512 * MiB;

    /// <summary>One piece, such as a file or a program's output. Default 64 MiB.</summary>
    public long MaxPartBytes { get; init; } = 64 * MiB;

    /// <summary>Pieces of one item. Default 5,000.</summary>
    public int MaxParts { get; init; } = 5_000;

    /// <summary>All the collecting, without the upload. Default 30 minutes.</summary>
    public TimeSpan MaxTime { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>One item gets at most this part of <see cref="MaxTime"/>, so that the others are reached.</summary>
    public TimeSpan MaxItemTime => MaxTime / 3;

    /// <summary>What fits not at all: each cap inside the one around it.</summary>
    public IEnumerable<string> Faults()
    {
        if (MaxPartBytes > MaxItemBytes)
            yield return "forensics:max_part_mib: must not be more than forensics:max_item_mib";
        if (MaxItemBytes > MaxBytes)
            yield return "forensics:max_item_mib: must not be more than forensics:max_mib";
    }
}
