using System.Globalization;

namespace Voltaxe.Agent.Platform.Linux.Forensics;

/// <summary>The accounts of this host, from its own file: a directory service in the network is not asked.</summary>
internal static class Accounts
{
    private const int Name = 0, Id = 2, Home = 5, Fields = 7;

    /// <summary>Names by number; empty where the file cannot be read.</summary>
    public static IReadOnlyDictionary<long, string> Read(string path)
    {
        var names = new Dictionary<long, string>();
        foreach (var account in Lines(path))
        {
            if (long.TryParse(account[Id], NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                names.TryAdd(id, account[Name]);
        }
        return names;
    }

    /// <summary>Home folders that are there, each once.</summary>
    public static IEnumerable<string> Homes(string path) =>
        Lines(path).Select(a => a[Home].TrimEnd('/')).Where(home => home.StartsWith('/') && Directory.Exists(home)).Distinct(StringComparer.Ordinal);

    private static IEnumerable<string[]> Lines(string path)
    {
        try
        {
            return [.. File.ReadAllLines(path).Select(l => l.Split(':')).Where(f => f.Length == Fields)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
