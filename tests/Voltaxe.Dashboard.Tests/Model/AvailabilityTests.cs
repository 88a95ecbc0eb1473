using System.Security.Claims;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Ordering;
using Voltaxe.Dashboard.Model.Progress;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Model;

public class AvailabilityTests
{
    private static readonly Rights Admin = As("admin");

    [Theory]
    [InlineData("admin", true, true)]
    [InlineData("responder", true, true)]
    [InlineData("approver", false, false)]
    [InlineData("viewer", false, false)]
    [InlineData("king", false, false)]
    public void Roles_shape_what_can_be_asked(string role, bool order, bool cancel)
    {
        var rights = As(role);
        Assert.All(Enum.GetValues<ActionKind>(), kind => Assert.Equal(order, Availability.Of(kind, Given.Agent(), [], rights).Enabled));
        Assert.Equal(cancel, Cancelling.Of(Given.Command(), rights)!.Availability.Enabled);
    }

    [Fact]
    public void Nobody_may_do_nothing() => Assert.Equal(Rights.None, Rights.Of(null));

    [Fact]
    public void The_framework_s_own_role_claim_counts_too() =>
        Assert.Equal("responder", Rights.Of(new(new ClaimsIdentity([new(ClaimTypes.Role, "Responder")], "test"))).Role);

    [Fact]
    public void A_viewer_is_told_why() => Assert.Equal("Your role (viewer) can look, not act.", Availability.Of(ActionKind.Isolate, Given.Agent(), [], As("viewer")).Why);

    [Fact]
    public void An_open_network_command_turns_isolate_and_restore_off_and_leaves_the_rest()
    {
        CommandView[] open = [Given.Command(41), Given.Command(40, command: CommandNames.KillProcess)];
        Assert.Equal("Isolate #41 is still open (pending). Cancel it, or wait for its end.", Availability.Of(ActionKind.Restore, Given.Agent(), open, Admin).Why);
        Assert.True(Availability.Of(ActionKind.Kill, Given.Agent(), open, Admin).Enabled);
        Assert.True(Availability.Of(ActionKind.Isolate, Given.Agent(), open[1..], Admin).Enabled);
    }

    [Theory]
    [InlineData(Containment.Isolating, false)]
    [InlineData(Containment.Restoring, false)]
    [InlineData(Containment.Normal, true)]
    [InlineData(Containment.Isolated, true)]
    [InlineData(Containment.Unknown, true)]
    public void While_a_host_is_on_its_way_the_network_buttons_are_off(Containment containment, bool enabled) =>
        Assert.Equal(enabled, Availability.Of(ActionKind.Isolate, Given.Agent(containment: containment), [], Admin).Enabled);

    [Fact]
    public void What_the_agent_does_not_offer_is_off_with_the_reason() =>
        Assert.Contains("kill_process", Availability.Of(ActionKind.Kill, Given.Agent() with { Capabilities = [CommandNames.NetworkIsolate] }, [], Admin).Why, StringComparison.Ordinal);

    [Fact]
    public void An_agent_that_has_not_spoken_yet_gets_the_benefit_of_the_doubt()
    {
        Assert.True(Availability.Of(ActionKind.Kill, Given.Agent(presence: Presence.Never) with { Capabilities = [] }, [], Admin).Enabled);
        Assert.True(Availability.Of(ActionKind.Kill, Given.Agent() with { Capabilities = [], Legacy = true }, [], Admin).Enabled);
        Assert.False(Availability.Of(ActionKind.Kill, Given.Agent() with { Capabilities = [] }, [], Admin).Enabled);
    }

    [Theory]
    [InlineData(Containment.Normal, "Isolate")]
    [InlineData(Containment.Isolating, "Isolate")]
    [InlineData(Containment.Isolated, "Restore")]
    [InlineData(Containment.Restoring, "Restore")]
    [InlineData(Containment.Unknown, "Isolate,Restore")]
    public void The_network_button_flips_with_what_the_host_reports(Containment containment, string kinds) =>
        Assert.Equal(kinds, string.Join(',', Availability.NetworkChoices(Given.Agent(containment: containment))));

    [Theory]
    [InlineData(CommandStatus.AwaitingApproval, "Cancel")]
    [InlineData(CommandStatus.Pending, "Cancel")]
    [InlineData(CommandStatus.Delivered, "Ask to cancel")]
    [InlineData(CommandStatus.Executed, null)]
    [InlineData(CommandStatus.Unknown, null)]
    public void Cancelling_promises_only_what_it_can(CommandStatus status, string? verb) =>
        Assert.Equal(verb, Cancelling.Of(Given.Command(status: status), Admin)?.Verb);

    [Fact]
    public void A_second_cancel_is_off_with_the_reason() =>
        Assert.Contains("has been requested", Cancelling.Of(Given.HandedOver(Given.Command()) with { CancelRequestedAt = Given.Noon }, Admin)!.Availability.Why, StringComparison.Ordinal);

    private static Rights As(string role) => Rights.Of(new(new ClaimsIdentity([new("role", role)], "test")));
}
