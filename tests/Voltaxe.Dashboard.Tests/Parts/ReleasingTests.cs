using Bunit;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Parts.Releasing;
using Voltaxe.Dashboard.Model.Ordering;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Parts;

public class ReleasingTests : Screen
{
    private static readonly Rights Admin = new("admin", true, true, true), Responder = new("responder", true, true, true);

    [Theory]
    [InlineData(Containment.Isolated, Presence.Stale, true)]
    [InlineData(Containment.Isolated, Presence.Offline, true)]
    [InlineData(Containment.Isolating, Presence.Offline, true)]
    [InlineData(Containment.Restoring, Presence.Offline, true)]
    [InlineData(Containment.Isolated, Presence.Live, false)]
    [InlineData(Containment.Isolated, Presence.Polling, false)]
    [InlineData(Containment.Normal, Presence.Offline, false)]
    [InlineData(Containment.Unknown, Presence.Never, false)]
    public void A_code_is_offered_where_a_host_is_cut_off_and_silent(Containment containment, Presence presence, bool offered)
    {
        var agent = Given.Agent(presence: presence, containment: containment);
        Assert.Equal(offered, Button(agent, Admin).Has("release-button"));
        Assert.False(Button(agent with { Legacy = true }, Admin).Has("release-button"));
    }

    [Fact]
    public void Others_than_admins_are_told_why_not()
    {
        var shown = Button(Silent, Responder);
        Assert.True(shown.Test("release-button").IsOff());
        Assert.Contains("Only an admin", shown.Test("release-button-why").Said(), StringComparison.Ordinal);
        shown.Test("release-button").Click();
        Assert.False(shown.Has("dialog"));
    }

    [Fact]
    public void A_code_needs_a_reason_and_is_shown_with_what_to_run()
    {
        var shown = Button(Silent, Admin);
        shown.Test("release-button").Click();
        shown.Test("confirm-button").Click();
        Assert.Contains("Say why", shown.Test("reason-fault").Said(), StringComparison.Ordinal);
        Assert.Empty(Hub.ReleaseCodes);
        shown.Test("reason-input").Input("  it hears nothing ");
        shown.Test("confirm-button").Click();
        var code = shown.WaitFor("release-code").Said();
        Assert.Equal(("a-web-01", "it hears nothing"), Assert.Single(Hub.ReleaseCodes));
        Assert.StartsWith("vtx_rel_", code, StringComparison.Ordinal);
        Assert.Equal(code, shown.Test("copy-code").GetAttribute("data-copy-text"));
        Assert.Contains("release --code", shown.Test("release-command").Said(), StringComparison.Ordinal);
        Assert.False(shown.Has("confirm-button"));
        Assert.Equal("Close", shown.Test("dismiss-button").Said());
        Assert.Empty(Toasts.Shown);
    }

    [Fact]
    public void A_code_that_is_shown_stays_when_the_host_comes_back_and_goes_when_it_is_closed()
    {
        var shown = Button(Silent, Admin);
        shown.Test("release-button").Click();
        shown.Test("reason-input").Input("it hears nothing");
        shown.Test("confirm-button").Click();
        shown.WaitFor("release-code");
        shown.Render(p => p.Add(b => b.Agent, Given.Agent(containment: Containment.Normal)));
        Assert.False(shown.Has("release-button"));
        Assert.True(shown.Has("release-code"));
        shown.Test("dismiss-button").Click();
        shown.WaitForAssertion(() => Assert.False(shown.Has("release-code")));
        shown.Render(p => p.Add(b => b.Agent, Silent));
        shown.Test("release-button").Click();
        Assert.False(shown.Has("release-code"));
    }

    [Fact]
    public void A_refusal_is_shown_and_what_was_typed_stays()
    {
        Hub.Refuse = new ProblemView { Type = "urn:voltaxe:problem:not_isolated", Title = "Conflict", Status = 409, Detail = "This host is not known to be isolated." };
        var shown = Button(Silent, Admin);
        shown.Test("release-button").Click();
        shown.Test("reason-input").Input("it hears nothing");
        shown.Test("confirm-button").Click();
        Assert.Contains("not known to be isolated", shown.WaitFor("problem").Said(), StringComparison.Ordinal);
        Assert.Equal("it hears nothing", shown.Test("reason-input").GetAttribute("value"));
        Assert.False(shown.Has("release-code"));
    }

    [Fact]
    public void A_hostile_host_name_is_inert_in_the_dialog()
    {
        var shown = Button(Silent with { Host = Given.Hostile }, Admin);
        shown.Test("release-button").Click();
        AssertInert(shown, 20_000);
    }

    private static AgentView Silent => Given.Agent(presence: Presence.Offline, containment: Containment.Isolated);

    private IRenderedComponent<ReleaseButton> Button(AgentView agent, Rights rights) => Render<ReleaseButton>(p => p.Add(b => b.Agent, agent).Add(b => b.Rights, rights));
}
