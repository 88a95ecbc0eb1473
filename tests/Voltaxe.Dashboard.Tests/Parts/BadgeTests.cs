using Bunit;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Parts.Badges;
using Voltaxe.Dashboard.Model.Looks;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Parts;

public class BadgeTests : Screen
{
    [Fact]
    public void A_badge_has_a_colour_an_icon_and_a_word()
    {
        var badge = Render<Badge>(p => p.Add(b => b.Look, ContainmentLook.Of(Containment.Isolated)).Add(b => b.Value, "isolated")).Find(".badge");
        Assert.Contains("tone-contained", badge.ClassList);
        Assert.NotNull(badge.QuerySelector("svg[aria-hidden=true]"));
        Assert.Equal("Isolated", badge.Said());
    }

    [Theory]
    [MemberData(nameof(Glyphs))]
    public void Every_icon_is_drawn_and_hidden_from_screen_readers(Glyph glyph) =>
        Assert.NotEmpty(Render<Icon>(p => p.Add(i => i.Of, glyph)).Find("svg[aria-hidden=true] path").GetAttribute("d")!);

    public static TheoryData<Glyph> Glyphs => [.. Enum.GetValues<Glyph>()];

    [Fact]
    public void A_host_shows_two_facts_and_drift_beside_them()
    {
        var shown = Render<HostBadges>(p => p.Add(h => h.Agent, Given.Agent(presence: Presence.Offline, containment: Containment.Isolated) with { Drift = true, DriftSince = Given.Noon.AddMinutes(-5) }).Add(h => h.Now, Given.Noon));
        Assert.Equal(("offline", "isolated"), (shown.Test("presence-badge").Value(), shown.Test("containment-badge").Value()));
        Assert.Equal("Offline since 11:59:56", shown.Test("presence-badge").Said());
        Assert.Equal("Drift", shown.Test("drift-badge").Said());
        Assert.Equal("since 11:55:00", shown.Test("drift-since").Said());
    }

    [Fact]
    public void Without_drift_nothing_is_said_of_it() =>
        Assert.False(Render<HostBadges>(p => p.Add(h => h.Agent, Given.Agent()).Add(h => h.Now, Given.Noon)).Has("drift-badge"));

    [Fact]
    public void A_status_is_the_protocols_word_with_the_sentence_on_hover()
    {
        var badge = Render<StatusBadge>(p => p.Add(s => s.Command, Given.Command(status: CommandStatus.Unknown))).Test("command-status");
        Assert.Equal(("unknown", "Unknown"), (badge.Value(), badge.Said()));
        Assert.Contains("nobody can say", badge.GetAttribute("title"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_dry_run_carried_out_is_marked_beside_its_status()
    {
        var executed = Given.Command(status: CommandStatus.Executed);
        Assert.False(Render<StatusBadge>(p => p.Add(s => s.Command, executed)).Has("dry-run-badge"));
        Assert.True(Render<StatusBadge>(p => p.Add(s => s.Command, executed with { Result = new(true, "", System.Text.Json.JsonElement.Parse("""{"dry_run":true}""")) })).Has("dry-run-badge"));
    }

    [Fact]
    public void A_name_of_253_characters_is_whole_on_hover_and_cut_by_the_browser()
    {
        var name = new string('h', 253);
        var shown = Render<HostName>(p => p.Add(h => h.Of, name).Add(h => h.Href, "hosts/x")).Find("a.cut");
        Assert.Equal((name, name), (shown.GetAttribute("title"), shown.TextContent));
    }

    [Fact]
    public void A_time_carries_the_full_stamp()
    {
        var time = Render<Timestamp>(p => p.Add(t => t.At, Given.Noon.AddSeconds(-5))).Find("time");
        Assert.Equal(("11:59:55", "2026-03-01T11:59:55.000Z", "2026-03-01T11:59:55.000Z"), (time.TextContent, time.GetAttribute("datetime"), time.GetAttribute("title")));
    }

    [Fact]
    public void No_time_is_said_in_words() => Assert.Equal("never", Render<Timestamp>(p => p.Add(t => t.At, null).Add(t => t.Otherwise, "never")).Find("span").TextContent);
}
