using System.Text.Json;
using System.Text.Json.Serialization;
using Voltaxe.Agent.Configuration;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Agent.Platform.Rules;

/// <summary>The isolation that should stand: what observing compares the kernel with, what is put back, and where the hub is while names do not resolve.</summary>
/// <param name="Uid">Whose isolation it is.</param>
/// <param name="Since">Hub time.</param>
/// <param name="Hubs">Host and port, as configured, with the addresses that are let through.</param>
/// <param name="Digest">Of the table as the kernel showed it right after loading; null while it is about to be loaded.</param>
public sealed record IsolationFile(Guid Uid, DateTimeOffset Since, IReadOnlyList<string> Allow, IReadOnlyDictionary<string, string[]> Hubs, string? Digest)
{
    /// <summary>The boot of the machine in which the rules were loaded.</summary>
    public string BootId { get; init; } = "";

    /// <summary>The hub was heard of right before the rules were loaded, and nothing has been proven yet: if it falls silent, they are taken back.</summary>
    public bool HubAnswered { get; init; }

    /// <summary>What to take back to; null: no isolation.</summary>
    public IsolationFile? Previous { get; init; }

    /// <summary>What is written down, or null. A note that cannot be read is none: then the journal decides.</summary>
    public static IsolationFile? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), IsolationJson.Default.IsolationFile) is { } read && IsWhole(read) ? read : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    public void Write(string path) => StateFolder.WriteDurably(path, JsonSerializer.Serialize(this, IsolationJson.Default.IsolationFile));

    private static bool IsWhole(IsolationFile read) => read is { Allow: not null, Hubs: not null } && (read.Previous is null || IsWhole(read.Previous));
}

/// <summary>
/// Where the wanted isolation is kept. A disk that takes nothing does not keep a host from being isolated: then it is carried in memory.
/// </summary>
/// <param name="path">The file.</param>
public sealed class IsolationStore(string path)
{
    private (IsolationFile? Is, string Why)? carried;
    private Guid? takenBack;
    private bool notForgotten;

    private string TakenBackPath => path + ".taken-back";

    /// <summary>Why the last change is not on the disk, or null.</summary>
    public string? NotWritten => carried?.Why;

    public IsolationFile? Read() => carried is { } c ? c.Is : IsolationFile.Read(path);

    /// <summary>The file is there and says nothing that can be used.</summary>
    public bool IsDamaged => Read() is null && File.Exists(path);

    /// <summary>Null takes it away.</summary>
    public void Write(IsolationFile? isolation)
    {
        try
        {
            if (isolation is not null)
                isolation.Write(path);
            else
            {
                File.Delete(path);
                StateFolder.SyncDirectory(Path.GetDirectoryName(path)!);
            }
            carried = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            carried = (isolation, e.Message);
        }
    }

    /// <summary>
    /// Whose rules were taken back last. Outlives a crash before that was reported: loaded once more, right after a start, they would stay,
    /// because then nobody knows any more that the hub had answered before.
    /// </summary>
    public Guid? TakenBack => takenBack ?? (!notForgotten && ReadTakenBack() is { } text && Guid.TryParse(text, out var uid) ? uid : null);

    public void NoteTakenBack(Guid uid)
    {
        (takenBack, notForgotten) = (uid, false);
        try
        {
            StateFolder.WriteDurably(TakenBackPath, uid.ToString());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Known until the agent ends; the rules must be taken back all the same.
        }
    }

    /// <summary>The rules that were taken back are to be loaded again.</summary>
    public void ForgetTakenBack()
    {
        takenBack = null;
        try
        {
            File.Delete(TakenBackPath);
            StateFolder.SyncDirectory(Path.GetDirectoryName(path)!);
            notForgotten = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A crash would find the note and take the rules back once more; until then it does not count.
            notForgotten = true;
        }
    }

    private string? ReadTakenBack()
    {
        try
        {
            return File.ReadAllText(TakenBackPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // None was taken back, or nobody knows: then an isolation is carried out as ordered.
            return null;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(WireTime)])]
[JsonSerializable(typeof(IsolationFile))]
internal sealed partial class IsolationJson : JsonSerializerContext;
