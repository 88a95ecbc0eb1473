using System.Globalization;
using System.Text;
using Voltaxe.Agent.Platform.Linux.Forensics;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>What <c>/proc/PID/stat</c> says of a process. With the boot id, pid and start are its identity; the name is none.</summary>
/// <param name="Comm">Its name as the kernel has it: at most 15 bytes, any but 0, which the process itself can change at any time.</param>
/// <param name="StartTicks">When it started, in clock ticks since boot.</param>
public sealed record ProcStat(int Pid, byte[] Comm, char State, int Parent, bool IsKernelThread, long StartTicks)
{
    private const long KernelThread = 0x00200000;
    private const int MaxCommBytes = 15;

    /// <summary>The name as text: as it is where it is UTF-8, else with every byte that is not printable ASCII as <c>%XX</c>.</summary>
    public string Name => HostNames.Text(Comm);

    /// <summary>Whether this is what somebody calls it: byte by byte, as far as the kernel keeps names, or as <see cref="Name"/> shows it.</summary>
    public bool IsCalled(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        return bytes.AsSpan(0, Math.Min(bytes.Length, MaxCommBytes)).SequenceEqual(Comm) || name == Name;
    }

    /// <summary>Null when there is no such process.</summary>
    public static ProcStat? Read(int pid) => Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));

    /// <summary>
    /// Whether nothing of the process runs any more. A process whose main thread has ended shows as a zombie, and lives on in its other threads.
    /// </summary>
    public bool HasEnded
    {
        get
        {
            if (State is not ('Z' or 'X'))
                return false;
            try
            {
                return Directory.EnumerateDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{Pid}/task"))
                    .All(thread => Read(thread + "/stat") is not { State: not ('Z' or 'X') });
            }
            catch (Exception e) when (IsGone(e))
            {
                return true;
            }
        }
    }

    /// <summary>The opaque text that names this start of this process on this boot.</summary>
    public string StartTime(string bootId) => string.Create(CultureInfo.InvariantCulture, $"{bootId}:{StartTicks}");

    /// <summary>The name stands in brackets and may itself hold brackets, blanks and line ends: the last bracket counts.</summary>
    internal static ProcStat Parse(ReadOnlySpan<byte> text)
    {
        var open = text.IndexOf((byte)'(');
        var close = text.LastIndexOf((byte)')');
        var fields = Encoding.ASCII.GetString(text[(close + 2)..]).Split(' ');
        return new(
            int.Parse(text[..open].TrimEnd((byte)' '), CultureInfo.InvariantCulture), text[(open + 1)..close].ToArray(), fields[0][0], int.Parse(fields[1], CultureInfo.InvariantCulture),
            (long.Parse(fields[6], CultureInfo.InvariantCulture) & KernelThread) != 0, long.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    private static ProcStat? Read(string path)
    {
        try
        {
            return Parse(File.ReadAllBytes(path));
        }
        catch (Exception e) when (IsGone(e))
        {
            return null;
        }
    }

    private static bool IsGone(Exception e) => e is FileNotFoundException or DirectoryNotFoundException || e is IOException { HResult: Native.NoSuchProcess };
}
