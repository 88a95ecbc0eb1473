namespace Voltaxe.Agent.Configuration;

/// <summary>Reads <c>agent.conf</c>: sections in brackets, <c>key = value</c>, comments with # or ;, quotes around a value dropped.</summary>
internal static class IniFile
{
    /// <summary>The keys that the agent has, as <c>section:key</c>.</summary>
    public static readonly string[] Known =
    [
        "server:api_url", "server:ca_file", "server:pin_sha256", "protect:executables", "polling:enabled", "polling:interval_seconds",
        "notice:enabled", "notice:contact", "notice:text",
        "forensics:max_mib", "forensics:max_item_mib", "forensics:max_part_mib", "forensics:max_parts", "forensics:max_minutes", "forensics:temp_folders",
    ];

    /// <summary>Values by <c>section:key</c>. Lines that say nothing are faults; keys that the agent does not have are not, the file is older than it.</summary>
    public static Dictionary<string, string> Parse(string text, List<string> faults)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var section = "";
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Trim();
            if (line.Length == 0 || line[0] is '#' or ';')
                continue;
            if (line[0] == '[' && line[^1] == ']')
            {
                section = line[1..^1].Trim();
                continue;
            }
            var equals = line.IndexOf('=');
            if (equals <= 0)
            {
                faults.Add($"agent.conf line {number}: neither [section] nor key = value");
                continue;
            }
            var key = $"{section}:{line[..equals].Trim()}";
            if (!values.TryAdd(key, Unquote(line[(equals + 1)..].Trim())) && Known.Contains(key, StringComparer.OrdinalIgnoreCase))
                faults.Add($"{key}: is given twice (agent.conf line {number})");
        }
        return values;
    }

    private static string Unquote(string value) => value.Length >= 2 && value[0] == value[^1] && value[0] is '"' or '\'' ? value[1..^1] : value;
}
