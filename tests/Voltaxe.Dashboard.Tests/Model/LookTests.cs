using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Dashboard.Model.Looks;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Model;

public class LookTests
{
    [Fact]
    public void Every_presence_has_its_own_word_and_icon() => AssertDistinct(Enum.GetValues<Presence>().Select(PresenceLook.Of));

    [Fact]
    public void Every_containment_has_its_own_word() => Assert.Equal(5, Enum.GetValues<Containment>().Select(c => ContainmentLook.Of(c).Word).Distinct().Count());

    [Fact]
    public void Every_state_of_a_command_has_its_own_word_and_no_word_speaks_of_success()
    {
        var looks = Enum.GetValues<CommandStatus>().Select(StatusLook.Of).ToArray();
        Assert.Equal(11, looks.Select(l => l.Word).Distinct().Count());
        Assert.DoesNotContain(looks, l => l.Word.Contains("success", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Isolated_is_neither_good_nor_bad_news() => Assert.Equal(Tone.Contained, ContainmentLook.Of(Containment.Isolated).Tone);

    [Fact]
    public void Isolated_alone_is_said_only_where_it_was_proven()
    {
        var proven = Given.Agent(containment: Containment.Isolated) with { Observed = new(true, Given.Noon, Given.Noon.AddSeconds(1), RulesState.Intact) };
        Assert.Equal("Isolated", ContainmentLook.Of(proven).Word);
        Assert.Null(ContainmentLook.Sentence(proven));
        AgentView[] others =
        [
            proven with { Observed = proven.Observed! with { VerifiedAt = null } }, proven with { Observed = proven.Observed! with { Rules = RulesState.Tampered } },
            proven with { Observed = proven.Observed! with { Rules = RulesState.Missing } }, proven with { Legacy = true }, proven with { Capabilities = [.. CommandNames.All, "dry_run"] },
        ];
        Assert.Equal(["Isolated, not proven", "Isolated, not proven", "Isolated, not proven", "Reported isolated, not proven", "Dry run: isolated"], others.Select(a => ContainmentLook.Of(a).Word));
        Assert.All(others, a => Assert.Null(ContainmentLook.ProvenAt(a)));
        Assert.All(others, a => Assert.NotNull(ContainmentLook.Sentence(a)));
        Assert.All(others, a => Assert.NotEqual(ContainmentLook.Of(proven).Glyph, ContainmentLook.Of(a).Glyph));
    }

    [Fact]
    public void A_dry_run_says_so_in_every_state_and_always_first() => Assert.All(Enum.GetValues<Containment>(), c =>
        Assert.StartsWith("Dry run: ", ContainmentLook.Of(Given.Agent(containment: c) with { Capabilities = ["dry_run"] }).Word, StringComparison.Ordinal));

    [Theory]
    [InlineData(Presence.Offline, "Offline since 11:59:56")]
    [InlineData(Presence.Stale, "Stale since 11:59:56")]
    [InlineData(Presence.Live, "Live")]
    [InlineData(Presence.Never, "Never connected")]
    public void Presence_says_since_when_a_host_is_silent(Presence presence, string word) =>
        Assert.Equal(word, PresenceLook.Of(Given.Agent(presence: presence), Given.Noon).Word);

    [Theory]
    [InlineData(Presence.Live, true)]
    [InlineData(Presence.Polling, true)]
    [InlineData(Presence.Stale, false)]
    [InlineData(Presence.Offline, false)]
    [InlineData(Presence.Never, false)]
    public void Only_a_host_that_speaks_is_reachable(Presence presence, bool reachable) => Assert.Equal(reachable, PresenceLook.Reachable(presence));

    [Theory]
    [InlineData(true, RulesState.Tampered, "changed by somebody else")]
    [InlineData(false, RulesState.Missing, "are missing")]
    [InlineData(true, RulesState.Intact, "isolated, but that is not")]
    [InlineData(false, RulesState.None, "not isolated, but that is what")]
    public void Drift_is_explained(bool isolated, RulesState rules, string part) =>
        Assert.Contains(part, ContainmentLook.DriftSentence(Given.Agent() with { Drift = true, Observed = new(isolated, null, null, rules) }), StringComparison.Ordinal);

    [Fact]
    public void Open_and_ended_states_are_all_states() =>
        Assert.Equal(Enum.GetValues<CommandStatus>().Order(), StatusLook.Open.Concat(StatusLook.Ended).Order());

    private static void AssertDistinct(IEnumerable<Look> looks)
    {
        var all = looks.ToArray();
        Assert.Equal(all.Length, all.Select(l => l.Word).Distinct().Count());
        Assert.Equal(all.Length, all.Select(l => l.Glyph).Distinct().Count());
    }
}
