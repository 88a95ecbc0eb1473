using System.Text.Json;
using System.Text.Json.Serialization;
using Voltaxe.Agent.Configuration;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>The isolation that should stand: what observing compares the kernel with, what is put back, and where the hub is while names do not resolve.</summary>
/// <param name="Uid">Whose isolation it is.</param>
/// <param name="Since">Hub time.</param>
/// <param name="Hubs">Host and port, as configured, with the addresses that are let through.</param>
/// <param name="Digest">Of the table as the kernel showed it right after loading; empty while it is being loaded.</param>
public sealed record IsolationFile(Guid Uid, DateTimeOffset Since, IReadOnlyList<string> Allow, IReadOnlyDictionary<string, string[]> Hubs, string Digest)
{
    /// <summary>The boot of the machine in which the rules were loaded.</summary>
    public string BootId { get; init; } = "";

    /// <summary>The hub was heard of right before the rules were loaded, and nothing has been proven yet: if it falls silent, they are taken back.</summary>
    public bool HubAnswered { get; init; }

    /// <summary>What to take back to; null: no isolation.</summary>
    public IsolationFile? Previous { get; init; }
}

/// <summary>Where the wanted isolation is kept. A disk that takes nothing does not keep a host from being isolated: then it is kept in memory.</summary>
/// <param name="path">The file.</param>
public sealed class IsolationStore(string path)
{
    private IsolationFile? carried;
    private Guid? takenBack;

    private string TakenBackPath => path + ".taken-back";

    /// <summary>Why the last change is not on the disk, or null.</summary>
    public string? NotWritten { get; private set; }

    public IsolationFile? Read() => NotWritten is null ? ReadFile() : carried;

    public void Write(IsolationFile isolation) => Change(isolation, () => StateFolder.WriteDurably(path, JsonSerializer.Serialize(isolation, IsolationJson.Default.IsolationFile)));

    public void Delete() => Change(null, () =>
    {
        File.Delete(path);
        StateFolder.SyncDirectory(Path.GetDirectoryName(path)!);
    });

    /// <summary>
    /// Whose rules were taken back last. Outlives a crash before that was reported: loaded once more, right after a start, they would stay,
    /// because then nobody knows any more that the hub had answered before.
    /// </summary>
    public Guid? TakenBack => takenBack ?? (File.Exists(TakenBackPath) && Guid.TryParse(File.ReadAllText(TakenBackPath), out var uid) ? uid : null);

    public void NoteTakenBack(Guid uid)
    {
        takenBack = uid;
        try
        {
            StateFolder.WriteDurably(TakenBackPath, uid.ToString());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Known until the agent ends; the rules must be taken back all the same.
        }
    }

    /// <summary>To an earlier state, which may be none.</summary>
    public void Put(IsolationFile? isolation)
    {
        if (isolation is null)
            Delete();
        else
            Write(isolation);
    }

    private void Change(IsolationFile? to, Action write)
    {
        carried = to;
        try
        {
            write();
            NotWritten = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            NotWritten = e.Message;
        }
    }

    private IsolationFile? ReadFile()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), IsolationJson.Default.IsolationFile);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new PlatformException("state_unreadable", $"{path}: {e.Message}");
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(WireTime)])]
[JsonSerializable(typeof(IsolationFile))]
internal sealed partial class IsolationJson : JsonSerializerContext;
