using System.Text.RegularExpressions;
using Voltaxe.Agent.Configuration;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Configuration;

/// <summary>The keys of agent.conf that the agent reads, knows and documents are the same.</summary>
public sealed partial class DocumentedSettingsTests
{
    private static readonly string Source = SourceTree.Read("Voltaxe.Agent/Configuration/AgentSettings.cs");

    [Fact]
    public void Every_key_of_agent_conf_that_is_read_is_known_and_has_a_line_in_the_operations_page()
    {
        var known = IniFile.Known.Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(Key().Matches(Source).Select(m => m.Groups[1].Value).Distinct().Order(StringComparer.Ordinal), known);
        var documented = Documented().Matches(SourceTree.Read("docs/operations.md")).Select(m => $"{m.Groups["section"].Value}:{m.Groups["key"].Value}");
        Assert.Equal(known, documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_variable_that_is_read_has_a_line_in_the_operations_page()
    {
        var read = Variable().Matches(Source + SourceTree.Read("Voltaxe.Agent/Configuration/NoticeSettings.cs")).Select(m => m.Groups[1].Value).Distinct().Order(StringComparer.Ordinal).ToArray();
        Assert.True(read.Length >= 12, string.Join(", ", read));
        Assert.Equal(read, DocumentedVariable().Matches(SourceTree.Read("docs/operations.md")).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_sample_that_is_installed_has_every_key_and_sets_none()
    {
        var faults = new List<string>();
        var sample = SourceTree.Read("packaging/agent.conf");
        Assert.Empty(IniFile.Parse(sample, faults)); // What is commented out is the default.
        var offered = IniFile.Parse(CommentedOut().Replace(sample, "$1"), faults);
        Assert.Equal(IniFile.Known.Order(StringComparer.Ordinal), offered.Keys.Order(StringComparer.Ordinal));
        Assert.Empty(faults);
    }

    [Theory]
    [InlineData("notice:contact")]
    [InlineData("server:pin_sha256")]
    public void A_known_key_that_is_given_twice_is_a_fault(string key)
    {
        var faults = new List<string>();
        var (section, name) = (key.Split(':')[0], key.Split(':')[1]);
        IniFile.Parse($"[{section}]\n{name} = a\n{name} = b\n", faults);
        Assert.Contains(key, Assert.Single(faults), StringComparison.Ordinal);
    }

    [GeneratedRegex("\"([a-z]+:[a-z][a-z_0-9]+)\"")]
    private static partial Regex Key();

    [GeneratedRegex("\"((?:VOLTAXE|COMMAND)_[A-Z_0-9]+)\"")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\| `\[(?<section>\w+)\] (?<key>\w+)` \|")]
    private static partial Regex Documented();

    [GeneratedRegex(@"^\|[^|]*\| `((?:VOLTAXE|COMMAND)_[A-Z_0-9]+)` \|", RegexOptions.Multiline)]
    private static partial Regex DocumentedVariable();

    [GeneratedRegex(@"^#(\w+ =)", RegexOptions.Multiline)]
    private static partial Regex CommentedOut();
}
