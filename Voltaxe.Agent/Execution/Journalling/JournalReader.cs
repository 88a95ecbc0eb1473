using System.Text.Json;

namespace Voltaxe.Agent.Execution.Journalling;

/// <summary>What a journal file holds.</summary>
/// <param name="Records">The durable records from the head on.</param>
/// <param name="Length">Where the next frame goes; what lies behind was torn off.</param>
/// <param name="Position">The number of the last record.</param>
/// <param name="LastCrc">The CRC of the last frame.</param>
/// <param name="Damage">What is wrong with the file, or null. A torn last write is not damage.</param>
public sealed record JournalContent(IReadOnlyList<JournalRecord> Records, long Length, long Position, uint LastCrc, string? Damage);

/// <summary>Reads a journal file without changing it.</summary>
public static class JournalReader
{
    private const int LongestHead = 512;

    public static JournalContent Read(ReadOnlySpan<byte> file)
    {
        var records = new List<JournalRecord>();
        var offset = 0;
        long position = 0;
        uint crc = 0;
        while (offset < file.Length)
        {
            if (!JournalFrame.TryParse(file[offset..], out var frame) || frame.Previous != crc || records.Count > 0 && frame.Number != position + 1)
                return new(records, offset, position, crc, DamageBehind(file, offset, records.Count == 0 ? 0 : position + 1));
            JournalRecord? record;
            try
            {
                record = JsonSerializer.Deserialize(file.Slice(offset + JournalFrame.HeaderBytes, frame.Length), JournalJson.Default.JournalRecord);
            }
            catch (JsonException e)
            {
                return new(records, offset, position, crc, $"record {frame.Number} is whole but says nothing: {e.Message}");
            }
            if (record is null || records.Count == 0 != record is Opened)
                return new(records, offset, position, crc, $"record {frame.Number} is out of place");
            records.Add(record);
            (position, crc) = (frame.Number, frame.Crc);
            offset += frame.TotalBytes;
        }
        return new(records, offset, position, crc, null);
    }

    /// <summary>
    /// A bad frame is the remains of a write that was never finished, unless a later write follows it: a write begins only when the one before is durable.
    /// </summary>
    private static string? DamageBehind(ReadOnlySpan<byte> file, int offset, long expected)
    {
        for (var at = offset; at < file.Length;)
        {
            if (JournalFrame.TryParse(file[at..], out var frame))
            {
                if (frame.WriteStart > expected)
                    return $"damaged at byte {offset}: record {expected} is gone, record {frame.Number} is there";
                at += frame.TotalBytes;
                continue;
            }
            var next = JournalFrame.NextMagic(file[(at + 1)..]);
            if (next < 0)
                break;
            at += 1 + next;
        }
        // A head is written alone: a file that is longer than one and does not begin with one was not torn at birth.
        return offset == 0 && file.Length > LongestHead ? "its head cannot be read" : null;
    }
}
