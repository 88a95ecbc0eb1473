using System.Net;
using System.Net.Sockets;
using Voltaxe.Agent.Platform.Rules;

namespace Voltaxe.Agent.Platform.Windows;

/// <summary>Every address but some, as the Windows firewall takes it: ranges, separated by commas. Empty when nothing is left.</summary>
internal static class AddressRanges
{
    /// <summary>The host itself, and no address at all: no rule takes them, and none needs to.</summary>
    private static readonly string[] Own = ["0.0.0.0", "127.0.0.0/8", "::", "::1"];

    public static string AllBut(AddressFamily family, IEnumerable<string> addressesOrNetworks)
    {
        var bits = family == AddressFamily.InterNetwork ? 32 : 128;
        var top = bits == 128 ? UInt128.MaxValue : uint.MaxValue;
        var ranges = new List<string>();
        UInt128 next = 0;
        foreach (var (first, last) in Own.Concat(addressesOrNetworks).Select(Passage.Network).Where(n => n.BaseAddress.AddressFamily == family).Select(n => Span(n, bits)).Order())
        {
            if (first > next)
                ranges.Add(Text(next, first - 1, bits));
            if (last == top)
                return string.Join(',', ranges);
            next = UInt128.Max(next, last + 1);
        }
        ranges.Add(Text(next, top, bits));
        return string.Join(',', ranges);
    }

    private static (UInt128 First, UInt128 Last) Span(IPNetwork network, int bits)
    {
        var first = network.BaseAddress.GetAddressBytes().Aggregate(UInt128.Zero, (sum, b) => (sum << 8) | b);
        var size = bits - network.PrefixLength;
        return (first, first | (size == 128 ? UInt128.MaxValue : (UInt128.One << size) - 1));
    }

    private static string Text(UInt128 first, UInt128 last, int bits) => first == last ? Address(first, bits) : $"{Address(first, bits)}-{Address(last, bits)}";

    private static string Address(UInt128 value, int bits)
    {
        var bytes = new byte[bits / 8];
        for (var i = bytes.Length - 1; i >= 0; i--, value >>= 8)
            bytes[i] = (byte)(value & 0xFF);
        return new IPAddress(bytes).ToString();
    }
}
