using System.Globalization;
using System.Text.Json.Nodes;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>The processes of the host, from /proc.</summary>
internal static class LinuxProcessList
{
    private const int MaxCommandLineChars = 400;

    /// <param name="whyProtected">Why a process would not be ended, or null; the list says so.</param>
    public static JsonArray Read(string bootId, Func<ProcStat, string?> whyProtected)
    {
        var list = new JsonArray();
        foreach (var pid in Pids())
        {
            if (ProcStat.Read(pid) is not { } stat)
                continue;
            var entry = new JsonObject
            {
                ["pid"] = stat.Pid,
                ["ppid"] = stat.Parent,
                ["name"] = stat.Name,
                ["state"] = stat.State.ToString(),
                ["start_time"] = stat.StartTime(bootId),
                ["kernel"] = stat.IsKernelThread,
            };
            if (whyProtected(stat) is { } why)
                entry["protected"] = why;
            Try(entry, "uid", () => (JsonNode)Owner(pid));
            if (!stat.IsKernelThread)
            {
                Try(entry, "command_line", () => (JsonNode)CommandLine(pid));
                Try(entry, "exe", () => (JsonNode?)File.ResolveLinkTarget($"/proc/{pid}/exe", false)?.FullName);
            }
            list.Add((JsonNode)entry);
        }
        return list;
    }

    public static IEnumerable<int> Pids() => Directory.EnumerateDirectories("/proc")
        .Select(d => int.TryParse(Path.GetFileName(d), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
        .Where(pid => pid > 0)
        .Order();

    /// <summary>A field that this user may not read, or of a process that has just ended, is left out.</summary>
    private static void Try(JsonObject entry, string field, Func<JsonNode?> read)
    {
        try
        {
            entry[field] = read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            entry[field] = null;
        }
    }

    private static long Owner(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal));
        return long.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture);
    }

    private static string CommandLine(int pid)
    {
        var text = File.ReadAllText($"/proc/{pid}/cmdline").TrimEnd('\0').Replace('\0', ' ');
        return text.Length <= MaxCommandLineChars ? text : text[..MaxCommandLineChars] + "…";
    }
}
