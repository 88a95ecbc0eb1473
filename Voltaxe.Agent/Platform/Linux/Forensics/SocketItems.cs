using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace Voltaxe.Agent.Platform.Linux.Forensics;

/// <summary>Which sockets there are and who holds them, as far as this user may see.</summary>
internal static class SocketItems
{
    private static readonly string[] TcpStates = ["", "established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2", "time_wait", "close", "close_wait", "last_ack", "listen", "closing", "new_syn_recv"];

    public static void Collect(IEvidenceSink sink, CancellationToken ct)
    {
        sink.Add("sockets.jsonl", "/proc/net/{tcp,tcp6,udp,udp6,raw,raw6} /proc/*/fd", "read from the kernel", part =>
        {
            var owners = Owners(out var hidden, ct);
            if (hidden > 0)
                part.Cut($"the sockets of {hidden} process(es) have no owner here: this user may not see whose they are");
            foreach (var socket in Sockets(owners))
            {
                ct.ThrowIfCancellationRequested();
                if (!part.TakeWhole(Json.Line(socket)))
                    break;
            }
        });
        KernelFiles.Add(sink, "/proc/net/unix", ct);
    }

    private static IEnumerable<JsonObject> Sockets(Dictionary<string, (int Pid, string? Name)> owners)
    {
        foreach (var protocol in (string[])["tcp", "tcp6", "udp", "udp6", "raw", "raw6"])
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
                    ["inode"] = f[9],
                };
                if (protocol[0] == 't')
                    socket["state"] = state < TcpStates.Length ? TcpStates[state] : f[3];
                if (owners.TryGetValue(f[9], out var owner))
                    (socket["pid"], socket["name"]) = (owner.Pid, owner.Name);
                yield return socket;
            }
        }
    }

    private static Dictionary<string, (int Pid, string? Name)> Owners(out int hidden, CancellationToken ct)
    {
        var owners = new Dictionary<string, (int, string?)>(StringComparer.Ordinal);
        hidden = 0;
        foreach (var pid in LinuxProcessList.Pids())
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                var name = ProcStat.Read(pid)?.Name;
                foreach (var fd in Directory.EnumerateFiles($"/proc/{pid}/fd"))
                {
                    if (new FileInfo(fd).LinkTarget is { } target && target.StartsWith("socket:[", StringComparison.Ordinal))
                        owners.TryAdd(target[8..^1], (pid, name));
                }
            }
            catch (UnauthorizedAccessException)
            {
                hidden++;
            }
            catch (IOException)
            {
                // Gone meanwhile.
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
