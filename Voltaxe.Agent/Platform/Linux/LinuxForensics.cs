using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>Reads processes, sockets, modules and mounts from /proc. Changes nothing, runs nothing.</summary>
public sealed class LinuxForensics(string bootId) : IForensics
{
    private static readonly string[] TcpStates = ["", "established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2", "time_wait", "close", "close_wait", "last_ack", "listen", "closing", "new_syn_recv"];

    public IReadOnlyList<string> Collectors => ["processes", "sockets", "modules", "mounts"];

    public JsonObject Collect(string item, int maxBytes, CancellationToken ct) => item switch
    {
        "processes" => Item("/proc/*/stat, status, cmdline, exe", LinuxProcessList.Read(bootId), maxBytes),
        "sockets" => Item("/proc/net/{tcp,tcp6,udp,udp6}, /proc/*/fd", Sockets(ct), maxBytes),
        "modules" => Item("/proc/modules", Lines("/proc/modules", f => new JsonObject { ["name"] = f[0], ["bytes"] = long.Parse(f[1], CultureInfo.InvariantCulture), ["used_by"] = f[3] }), maxBytes),
        "mounts" => Item("/proc/self/mounts", Lines("/proc/self/mounts", f => new JsonObject { ["device"] = f[0], ["at"] = f[1], ["type"] = f[2], ["options"] = f[3] }), maxBytes),
        _ => throw new ArgumentOutOfRangeException(nameof(item), item, "not among the collectors"),
    };

    private static JsonObject Item(string how, JsonArray all, int maxBytes)
    {
        var list = new JsonArray();
        var bytes = 200;
        var count = all.Count;
        foreach (var entry in all.OfType<JsonNode>().ToList())
        {
            bytes += System.Text.Encoding.UTF8.GetByteCount(entry.ToJsonString()) + 1;
            if (bytes > maxBytes)
                break;
            all.Remove(entry);
            list.Add(entry);
        }
        return new JsonObject { ["how"] = how, ["count"] = count, ["cut"] = count - list.Count, ["list"] = list };
    }

    private static JsonArray Lines(string path, Func<string[], JsonObject> read) =>
        new([.. File.ReadLines(path).Select(l => (JsonNode)read(l.Split(' ')))]);

    private static JsonArray Sockets(CancellationToken ct)
    {
        var owners = Owners(ct);
        var sockets = new JsonArray();
        foreach (var protocol in (string[])["tcp", "tcp6", "udp", "udp6"])
        {
            var path = $"/proc/net/{protocol}";
            if (!File.Exists(path))
                continue;
            foreach (var line in File.ReadLines(path).Skip(1))
            {
                var f = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                var state = Convert.ToInt32(f[3], 16);
                var socket = new JsonObject
                {
                    ["protocol"] = protocol,
                    ["local"] = EndPoint(f[1]),
                    ["remote"] = EndPoint(f[2]),
                    ["uid"] = long.Parse(f[7], CultureInfo.InvariantCulture),
                };
                if (protocol[0] == 't')
                    socket["state"] = state < TcpStates.Length ? TcpStates[state] : f[3];
                if (owners.TryGetValue(f[9], out var pid))
                    socket["pid"] = pid;
                sockets.Add((JsonNode)socket);
            }
        }
        return sockets;
    }

    /// <summary>Which process holds which socket, as far as this user may see.</summary>
    private static Dictionary<string, int> Owners(CancellationToken ct)
    {
        var owners = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var pid in LinuxProcessList.Pids())
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                foreach (var fd in Directory.EnumerateFiles($"/proc/{pid}/fd"))
                {
                    if (new FileInfo(fd).LinkTarget is { } target && target.StartsWith("socket:[", StringComparison.Ordinal))
                        owners.TryAdd(target[8..^1], pid);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Gone meanwhile, or another user's: its sockets stay without an owner.
            }
        }
        return owners;
    }

    /// <summary><c>0100007F:1F90</c>: 32-bit words in the machine's byte order, then the port.</summary>
    internal static string EndPoint(string hex)
    {
        var colon = hex.IndexOf(':');
        var words = Convert.FromHexString(hex[..colon]);
        if (BitConverter.IsLittleEndian)
        {
            for (var i = 0; i < words.Length; i += 4)
                Array.Reverse(words, i, 4);
        }
        return new IPEndPoint(new IPAddress(words), Convert.ToInt32(hex[(colon + 1)..], 16)).ToString();
    }
}
