using System.Globalization;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>What <c>/proc/PID/stat</c> says of a process.</summary>
/// <param name="Name">As the kernel has it, at most 15 bytes.</param>
/// <param name="StartTicks">When it started, in clock ticks since boot: with the pid and the boot id, its identity.</param>
public sealed record ProcStat(int Pid, string Name, char State, int Parent, bool IsKernelThread, long StartTicks)
{
    private const long KernelThread = 0x00200000;

    /// <summary>Null when there is no such process.</summary>
    public static ProcStat? Read(int pid)
    {
        try
        {
            return Parse(File.ReadAllText($"/proc/{pid}/stat"));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException || e is IOException { HResult: Native.NoSuchProcess })
        {
            return null;
        }
    }

    /// <summary>The name stands in brackets and may itself hold brackets and blanks: the last bracket counts.</summary>
    internal static ProcStat Parse(string text)
    {
        var open = text.IndexOf('(');
        var close = text.LastIndexOf(')');
        var fields = text[(close + 2)..].Split(' ');
        return new(
            int.Parse(text[..open], CultureInfo.InvariantCulture), text[(open + 1)..close], fields[0][0], int.Parse(fields[1], CultureInfo.InvariantCulture),
            (long.Parse(fields[6], CultureInfo.InvariantCulture) & KernelThread) != 0, long.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    /// <summary>The opaque text that names this start of this process on this boot.</summary>
    public string StartTime(string bootId) => string.Create(CultureInfo.InvariantCulture, $"{bootId}:{StartTicks}");
}
