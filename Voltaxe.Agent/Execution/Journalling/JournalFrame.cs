using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Voltaxe.Agent.Execution.Journalling;

/// <summary>
/// How one record lies in the journal file: a header of 36 bytes, then the record's JSON text.
/// <code>
/// 0  magic "VXJ1"   4  length of the text   8  number of the record   16  number of the first record of the same write
/// 24 CRC of the frame before   28 a random number for the write   32 CRC32C of bytes 4..32 and the text
/// </code>
/// The chain of CRCs keeps the remains of a write that failed from being read behind a later one, even one that begins with the same record. The number of the write's first record
/// tells a torn write (allowed: it was never said to be durable) from damage to what was durable.
/// </summary>
internal static class JournalFrame
{
    public const int HeaderBytes = 36;

    /// <summary>The longest text of a record. A result may hold 256 KiB of data, and JSON within JSON at most doubles.</summary>
    public const int MaxTextBytes = 1024 * 1024;

    private static ReadOnlySpan<byte> Magic => "VXJ1"u8;

    public readonly record struct Parsed(long Number, long WriteStart, uint Previous, uint Crc, int Length)
    {
        public int TotalBytes => HeaderBytes + Length;
    }

    /// <summary>Appends a frame to <paramref name="to"/> and returns its CRC, which the next frame names.</summary>
    public static uint Append(List<byte> to, ReadOnlySpan<byte> text, long number, long writeStart, uint previous, int write)
    {
        if (text.Length > MaxTextBytes)
            throw new ArgumentException($"a record of {text.Length} bytes is longer than {MaxTextBytes}", nameof(text));
        Span<byte> header = stackalloc byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], text.Length);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], number);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], writeStart);
        BinaryPrimitives.WriteUInt32LittleEndian(header[24..], previous);
        BinaryPrimitives.WriteInt32LittleEndian(header[28..], write);
        var crc = Crc(Crc(uint.MaxValue, header[4..32]), text);
        BinaryPrimitives.WriteUInt32LittleEndian(header[32..], crc);
        to.AddRange(header);
        to.AddRange(text);
        return crc;
    }

    /// <summary>The frame at the beginning of <paramref name="bytes"/>, if a whole and undamaged one is there.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out Parsed frame)
    {
        frame = default;
        if (bytes.Length < HeaderBytes || !bytes[..4].SequenceEqual(Magic))
            return false;
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        if (length is < 0 or > MaxTextBytes || bytes.Length < HeaderBytes + length)
            return false;
        frame = new(
            BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[32..]), length);
        return Crc(Crc(uint.MaxValue, bytes[4..32]), bytes.Slice(HeaderBytes, length)) == frame.Crc;
    }

    /// <summary>The offset of the next place that could be a frame, or -1.</summary>
    public static int NextMagic(ReadOnlySpan<byte> bytes) => bytes.IndexOf(Magic);

    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
            crc = BitOperations.Crc32C(crc, word);
        foreach (var b in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, b);
        return crc;
    }
}
