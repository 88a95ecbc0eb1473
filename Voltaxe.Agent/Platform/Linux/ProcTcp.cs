using System.Globalization;
using System.Net;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>One connection as <c>/proc/PID/net/tcp</c> and <c>tcp6</c> tell it.</summary>
/// <param name="Inode">The socket's number; 0 when no process holds it (yet, or any more).</param>
internal sealed record ProcTcp(IPEndPoint Local, IPEndPoint Remote, long Inode)
{
    private const int Established = 1, SynSent = 2, CloseWait = 8, FinWait1 = 4, FinWait2 = 5, LastAck = 9, Closing = 11;

    /// <summary>Connections that can still carry data, to anywhere but the loopback. Those that nobody holds and are closing carry none.</summary>
    public static IEnumerable<ProcTcp> Read(IEnumerable<string> lines)
    {
        foreach (var line in lines.Skip(1))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 10 || !int.TryParse(words[3], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var state)
                || !long.TryParse(words[9], NumberStyles.None, CultureInfo.InvariantCulture, out var inode) || EndPoint(words[1]) is not { } local || EndPoint(words[2]) is not { } remote)
                continue;
            var open = state is Established or SynSent or CloseWait || inode != 0 && state is FinWait1 or FinWait2 or LastAck or Closing;
            if (open && !IPAddress.IsLoopback(remote.Address))
                yield return new(local, remote, inode);
        }
    }

    /// <summary>The address as words of four bytes in the machine's order, a colon, the port; all in hexadecimal.</summary>
    private static IPEndPoint? EndPoint(string text)
    {
        var colon = text.IndexOf(':');
        if (colon is not (8 or 32) || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var port))
            return null;
        try
        {
            var bytes = Convert.FromHexString(text.AsSpan(0, colon));
            if (BitConverter.IsLittleEndian)
                for (var i = 0; i < bytes.Length; i += 4)
                    Array.Reverse(bytes, i, 4);
            var address = new IPAddress(bytes);
            return new(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
