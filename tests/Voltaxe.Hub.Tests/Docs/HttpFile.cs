using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Voltaxe.Hub.Tests.Docs;

/// <summary>A <c>.http</c> file as REST clients read it: variables, requests between <c>###</c>, answers by the name of their request.</summary>
internal sealed partial class HttpFile
{
    /// <param name="Title">What stands behind <c>###</c>.</param>
    /// <param name="Name">Of <c># @name</c>; null for none.</param>
    /// <param name="Expect">Of <c># expect</c>; null is any success.</param>
    /// <param name="Body">Null for none.</param>
    public sealed record Call(string Title, string? Name, int? Expect, string Method, string Url, IReadOnlyList<(string Name, string Value)> Headers, string? Body);

    private HttpFile(IReadOnlyDictionary<string, string> variables, IReadOnlyList<Call> calls) => (Variables, Calls) = (variables, calls);

    public IReadOnlyDictionary<string, string> Variables { get; }
    public IReadOnlyList<Call> Calls { get; }

    public static HttpFile Parse(string text)
    {
        var sections = Separator().Split(text.ReplaceLineEndings("\n"));
        var variables = Variable().Matches(sections[0]).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value.Trim());
        return new HttpFile(variables, [.. sections.Skip(1).Select(CallOf)]);
    }

    /// <summary>The text with every <c>{{…}}</c> replaced: what is given, then the file's own variables, then answers.</summary>
    public string Resolve(string text, IReadOnlyDictionary<string, Func<string>> given, IReadOnlyDictionary<string, JsonNode?> answers, DateTimeOffset now) => Placeholder().Replace(text, m =>
    {
        var name = m.Groups[1].Value.Trim();
        if (given.TryGetValue(name, out var value))
            return value();
        if (Variables.TryGetValue(name, out var own))
            return own;
        if (name.Split(' ') is ["$datetime", "iso8601", var days, "d"])
            return now.AddDays(int.Parse(days, CultureInfo.InvariantCulture)).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        if (Answer().Match(name) is { Success: true } of && answers.TryGetValue(of.Groups[1].Value, out var node))
        {
            foreach (Match step in Step().Matches(of.Groups[2].Value))
                node = step.Groups["index"].Success ? node?[int.Parse(step.Groups["index"].Value, CultureInfo.InvariantCulture)] : node?[step.Groups["field"].Value];
            return node?.ToString() ?? throw new InvalidOperationException($"{{{{{name}}}}}: the answer has no such field");
        }
        throw new InvalidOperationException($"{{{{{name}}}}} is no variable of the file, and no answer that came before");
    });

    private static Call CallOf(string section)
    {
        var lines = section.Split('\n');
        var title = lines[0].Trim();
        string? name = null;
        int? expect = null;
        var at = 1;
        for (; at < lines.Length && (lines[at].Length == 0 || lines[at][0] == '#'); at++)
        {
            name = Named().Match(lines[at]) is { Success: true } n ? n.Groups[1].Value : name;
            expect = Expected().Match(lines[at]) is { Success: true } e ? int.Parse(e.Groups[1].Value, CultureInfo.InvariantCulture) : expect;
        }
        var words = lines[at++].Split(' ', 2);
        var headers = new List<(string, string)>();
        for (; at < lines.Length && lines[at].Length > 0; at++)
        {
            var header = lines[at].Split(':', 2);
            headers.Add((header[0].Trim(), header[1].Trim()));
        }
        var body = string.Join('\n', lines.Skip(at)).Trim();
        return new Call(title, name, expect, words[0], words[1].Trim(), headers, body.Length == 0 ? null : body);
    }

    [GeneratedRegex("^###", RegexOptions.Multiline)]
    private static partial Regex Separator();

    [GeneratedRegex(@"^@(\w+) *= *(.*)$", RegexOptions.Multiline)]
    private static partial Regex Variable();

    [GeneratedRegex(@"\{\{([^{}]+)\}\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"^# @name (\w+)\s*$")]
    private static partial Regex Named();

    [GeneratedRegex(@"^# expect (\d{3})\b")]
    private static partial Regex Expected();

    [GeneratedRegex(@"^(\w+)\.response\.body\.\$\.(.+)$")]
    private static partial Regex Answer();

    [GeneratedRegex(@"\[(?<index>\d+)\]|(?<field>\w+)")]
    private static partial Regex Step();
}
