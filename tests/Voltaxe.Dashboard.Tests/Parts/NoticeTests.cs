using Bunit;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Parts.Notices;
using Voltaxe.Dashboard.Model.Texts;
using Voltaxe.Dashboard.Tests.Fakes;
using Voltaxe.Testing;

namespace Voltaxe.Dashboard.Tests.Parts;

public class NoticeTests : Screen
{
    [Fact]
    public void An_empty_list_says_why_and_what_next()
    {
        var shown = Render<EmptyState>(p => p.Add(e => e.Why, "No host yet.").AddChildContent("<a href=\"/x\">Enrol one</a>"));
        Assert.Equal("No host yet. Enrol one", shown.Test("empty-state").Said());
    }

    [Fact]
    public void Loading_is_announced_and_its_shape_is_not()
    {
        var shown = Render<Skeleton>(p => p.Add(s => s.Lines, 3).Add(s => s.Words, "Loading hosts…"));
        Assert.Equal("Loading hosts…", shown.Find("[role=status]").Said());
        Assert.Equal(3, shown.FindAll("[aria-hidden=true]").Count);
    }

    [Fact]
    public void A_lost_feed_says_since_when()
    {
        Assert.Empty(Render<FeedNotice>(p => p.Add(f => f.Lost, false)).Markup.Trim());
        var notice = Render<FeedNotice>(p => p.Add(f => f.Lost, true).Add(f => f.Since, Given.Noon));
        Assert.Contains("Live changes have stopped at 12:00:00", notice.Find("[role=alert]").Said(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_shows_its_fields_and_the_id_to_ask_about()
    {
        var words = new ProblemWords("Not accepted.", ["reason: too short"], "00-abc");
        Assert.Equal("Not accepted. reason: too short Correlation id 00-abc", Render<ProblemNotice>(p => p.Add(n => n.Problem, words)).Test("problem").Said());
        Assert.Empty(Render<ProblemNotice>(p => p.Add(n => n.Problem, null)).Markup.Trim());
    }

    [Fact]
    public void A_refusal_with_hostile_text_is_inert() =>
        AssertInert(Render<ProblemNotice>(p => p.Add(n => n.Problem, ProblemWords.Of(new ProblemView { Detail = Given.Hostile, TraceId = Given.Hostile }))));

    [Fact]
    public void The_permalink_is_handed_to_the_script() =>
        Assert.Equal("/commands/7", Render<CopyLink>(p => p.Add(c => c.Href, "/commands/7")).Find("button").GetAttribute("data-copy"));

    [Fact]
    public void Good_news_is_a_status_and_errors_are_an_alert()
    {
        var shown = Render<ToastHost>();
        Toasts.Say("Queued.", "/commands/7", "Follow it");
        Toasts.Error("Refused.");
        shown.WaitForAssertion(() =>
        {
            Assert.Contains("Queued. Follow it", shown.Find("[role=status]").Said(), StringComparison.Ordinal);
            Assert.Contains("Refused.", shown.Find("[role=alert]").Said(), StringComparison.Ordinal);
        });
        shown.Find("[role=alert] button").Click();
        shown.WaitForAssertion(() => Assert.Empty(shown.Find("[role=alert]").Said()));
    }

    [Fact]
    public async Task Good_news_leaves_by_itself_and_errors_stay()
    {
        var clock = new ManualClock();
        var toasts = new Toasts(clock);
        toasts.Say("Queued.");
        toasts.Error("Refused.");
        clock.Advance(Notices.Stay);
        await Eventually.TrueAsync(() => toasts.Shown.Count == 1);
        Assert.True(toasts.Shown[0].IsError);
    }

    [Fact]
    public void Of_many_messages_the_oldest_goes()
    {
        for (var i = 0; i < 9; i++)
            Toasts.Error($"{i}");
        Assert.Equal(["4", "5", "6", "7", "8"], Toasts.Shown.Select(t => t.Text));
    }

    [Fact]
    public async Task A_host_of_messages_that_is_gone_is_told_nothing_more()
    {
        var shown = Render<ToastHost>();
        await DisposeComponentsAsync();
        Toasts.Error("late");
        Assert.True(shown.IsDisposed);
    }

    private static class Notices
    {
        public static TimeSpan Stay => Components.Parts.Notices.Toasts.Stay;
    }
}
