namespace Voltaxe.Hub.Domain;

/// <summary>How much evidence the hub takes and how long it keeps it (configuration section <c>Voltaxe:Evidence</c>).</summary>
public sealed record EvidenceLimits
{
    /// <summary>Where the files lie; nodes share it. Default <c>vault</c> in the data folder.</summary>
    public string? Directory { get; init; }
    /// <summary>Files of one command, what was replaced included. Default 16.</summary>
    public int MaxFilesPerCommand { get; init; } = 16;
    /// <summary>Bytes of one command. Default 2 GiB.</summary>
    public long MaxBytesPerCommand { get; init; } = 2L << 30;
    /// <summary>Bytes of one agent, of all its commands. What is announced counts until its command has ended. Default 8 GiB.</summary>
    public long MaxBytesPerAgent { get; init; } = 8L << 30;
    /// <summary>What must stay free on the vault's disk; below it the hub takes nothing (507). Default 1 GiB.</summary>
    public long FreeSpaceFloor { get; init; } = 1L << 30;
    /// <summary>How long after its command's end evidence is kept. Default: as long as the command (<c>Voltaxe:Retention</c>). Longer keeps the command, too.</summary>
    public TimeSpan? Retention { get; init; }
    /// <summary>How long a file in the vault that no row tells of is left alone, after a restored backup for instance. Default 7 days.</summary>
    public TimeSpan OrphanGrace { get; init; } = TimeSpan.FromDays(7);

    public IEnumerable<string> Faults()
    {
        if (Directory is not null && string.IsNullOrWhiteSpace(Directory))
            yield return "Voltaxe:Evidence:Directory must name a folder";
        if (MaxFilesPerCommand is < 1 or > 1000)
            yield return "Voltaxe:Evidence:MaxFilesPerCommand must be from 1 to 1000";
        foreach (var (key, value) in new[] { (nameof(MaxBytesPerCommand), MaxBytesPerCommand), (nameof(MaxBytesPerAgent), MaxBytesPerAgent) })
        {
            if (value is < 1 or > 1L << 50)
                yield return $"Voltaxe:Evidence:{key} must be from 1 to 1125899906842624 (1 PiB)";
        }
        if (MaxBytesPerAgent < MaxBytesPerCommand)
            yield return "Voltaxe:Evidence:MaxBytesPerAgent must not be smaller than MaxBytesPerCommand";
        if (FreeSpaceFloor < 0)
            yield return "Voltaxe:Evidence:FreeSpaceFloor must not be negative";
        if (Retention < TimeSpan.FromDays(1))
            yield return "Voltaxe:Evidence:Retention must be at least 1.00:00:00 (a day)";
        if (OrphanGrace < TimeSpan.FromHours(1))
            yield return "Voltaxe:Evidence:OrphanGrace must be at least 01:00:00 (an hour)";
    }
}
