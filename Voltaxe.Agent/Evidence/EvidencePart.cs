using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Voltaxe.Agent.Platform;

namespace Voltaxe.Agent.Evidence;

/// <summary>A piece on its way through the spool.</summary>
/// <param name="cap">Which cap <paramref name="room"/> comes from.</param>
internal sealed class EvidencePart(Stream spool, long room, string cap) : IEvidencePart, IDisposable
{
    private readonly IncrementalHash sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public long Bytes { get; private set; }
    public long Room => room - Bytes;
    public string? WhyCut { get; private set; }
    public JsonObject Facts { get; } = [];
    public string Sha256 => Convert.ToHexStringLower(sha.GetCurrentHash());

    public bool Take(ReadOnlySpan<byte> bytes)
    {
        var fits = bytes[..(int)Math.Min(bytes.Length, Room)];
        Append(fits);
        if (fits.Length < bytes.Length)
            Cut($"cut at {cap}");
        return fits.Length == bytes.Length;
    }

    public bool TakeWhole(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Room)
        {
            Cut($"cut at {cap}");
            return false;
        }
        Append(bytes);
        return true;
    }

    public void Cut(string why) => WhyCut = WhyCut is null ? why : $"{WhyCut}; {why}";

    public void Note(string fact, JsonNode value) => Facts[fact] = value;

    public void Dispose() => sha.Dispose();

    private void Append(ReadOnlySpan<byte> bytes)
    {
        try
        {
            spool.Write(bytes);
        }
        catch (IOException e)
        {
            throw new EvidenceUnwritableException($"the archive cannot be written: {e.Message}", e);
        }
        sha.AppendData(bytes);
        Bytes += bytes.Length;
    }
}
