using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Voltaxe.Agent.Configuration;

namespace Voltaxe.Agent.Channels;

/// <summary>
/// The addresses at which each hub last answered, kept on disk: used when its name does not resolve, or resolves to addresses at which
/// nobody answers, before and after a restart of the agent.
/// </summary>
/// <param name="path">The file, a JSON object of address lists by <c>host:port</c>, newest first.</param>
public sealed partial class AnsweredAddresses(string path, ILogger<AnsweredAddresses> log)
{
    private const int MostAddresses = 4;

    private readonly Lock gate = new();
    private Dictionary<string, string[]>? known;

    /// <summary>The addresses of a <c>host:port</c>, newest first; none when it has never answered.</summary>
    public IPAddress[] Of(string key)
    {
        lock (gate)
            return (known ??= Read()).TryGetValue(key, out var texts) ? [.. texts.Select(IPAddress.Parse)] : [];
    }

    /// <summary>The hub answered at this address. Written only when it is not the newest already.</summary>
    public void Add(string key, IPAddress address)
    {
        lock (gate)
        {
            known ??= Read();
            var text = address.ToString();
            var before = known.GetValueOrDefault(key, []);
            if (before is [var newest, ..] && newest == text)
                return;
            known[key] = [.. before.Prepend(text).Distinct().Take(MostAddresses)];
            try
            {
                StateFolder.WriteDurably(path, JsonSerializer.Serialize(known, AddressesJson.Default.DictionaryStringStringArray));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                NotKept(path, e.Message);
            }
        }
    }

    private Dictionary<string, string[]> Read()
    {
        try
        {
            var read = JsonSerializer.Deserialize(File.ReadAllText(path), AddressesJson.Default.DictionaryStringStringArray) ?? [];
            return read.Where(entry => entry.Value?.All(text => IPAddress.TryParse(text, out _)) == true).ToDictionary(StringComparer.Ordinal);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new(StringComparer.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            NotRead(path, e.Message);
            return new(StringComparer.Ordinal);
        }
    }

    [LoggerMessage(3100, LogLevel.Warning, "The hub's address is kept in memory only; {Path} cannot be written: {Why}")]
    private partial void NotKept(string path, string why);

    [LoggerMessage(3101, LogLevel.Warning, "The addresses at which the hub last answered are not used; {Path} cannot be read: {Why}")]
    private partial void NotRead(string path, string why);
}

[JsonSerializable(typeof(Dictionary<string, string[]>))]
internal sealed partial class AddressesJson : JsonSerializerContext;
