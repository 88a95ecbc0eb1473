using Bunit;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Parts.Ordering;
using Voltaxe.Dashboard.Model.Looks;
using Voltaxe.Dashboard.Model.Ordering;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Parts;

public class OrderingTests : Screen
{
    private static readonly Rights Admin = new("admin", true, true, true);
    private readonly List<CommandView> queued = [];
    private int closed;

    [Fact]
    public void An_order_needs_a_reason()
    {
        var dialog = Open(ActionKind.Isolate);
        dialog.Test("confirm-button").Click();
        Assert.Contains("Say why", dialog.Test("reason-fault").Said(), StringComparison.Ordinal);
        Assert.Equal("true", dialog.Test("reason-input").GetAttribute("aria-invalid"));
        Assert.Contains("reason-fault", dialog.Test("reason-input").GetAttribute("aria-describedby"), StringComparison.Ordinal);
        Assert.Empty(Hub.Queued);
        Assert.Equal(0, closed);
    }

    [Fact]
    public void A_good_order_is_queued_with_all_that_was_said()
    {
        var dialog = Open(ActionKind.Isolate);
        dialog.Test("reason-input").Input("  C2 beacon  ");
        dialog.Test("ticket-input").Input("IR-9");
        dialog.Test("duration-input").Change("3600");
        dialog.Test("confirm-button").Click();
        dialog.WaitForAssertion(() => Assert.Equal(1, closed));
        var order = Assert.Single(Hub.Queued);
        Assert.Equal(("network_isolate", "C2 beacon", "IR-9", "a-web-01"), (order.Command, order.Reason, order.Ticket, Assert.Single(order.Hosts!)));
        Assert.Equal(3600, order.Params!.Value.GetProperty("duration_seconds").GetInt32());
        Assert.Single(queued);
        Assert.Equal("Isolate is queued as #1 for web-01.", Assert.Single(Toasts.Shown).Text);
    }

    [Fact]
    public void Nothing_claims_an_effect_when_an_order_was_only_accepted()
    {
        var dialog = Open(ActionKind.Isolate);
        dialog.Test("reason-input").Input("C2 beacon");
        dialog.Test("confirm-button").Click();
        dialog.WaitForAssertion(() => Assert.Single(Toasts.Shown));
        Assert.DoesNotContain("isolated", Toasts.Shown[0].Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("success", Toasts.Shown[0].Text, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(ActionKind.Isolate, 72 * 60, "3 d", "off the network")]
    [InlineData(ActionKind.Restore, 60, "1 h", "reach the network")]
    [InlineData(ActionKind.Kill, 15, "15 min", "one process")]
    [InlineData(ActionKind.Collect, 90, "1 h 30 min", "Changes nothing")]
    public void The_dialog_says_what_happens_what_stays_and_how_long_the_hub_waits_for_an_offline_host(ActionKind kind, int minutes, string lifetime, string consequence)
    {
        Hub.Lifetime = TimeSpan.FromMinutes(minutes);
        var dialog = Open(kind, Presence.Offline);
        Assert.Contains(consequence, dialog.Test("consequence").Said(), StringComparison.Ordinal);
        Assert.NotEmpty(dialog.Test("stays").Said());
        Assert.Equal("offline", dialog.Test("presence-badge").Value());
        Assert.Contains($"runs when it reconnects; expires in {lifetime}", dialog.Test("offline-note").Said(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ActionKind.Isolate, true)]
    [InlineData(ActionKind.Restore, true)]
    [InlineData(ActionKind.Kill, true)]
    [InlineData(ActionKind.Collect, false)] // What only reads is real in a dry run, too.
    public void Before_a_dry_run_is_ordered_it_says_that_nothing_will_happen(ActionKind kind, bool said)
    {
        var agent = Given.Agent(presence: Presence.Offline) with { Capabilities = [.. CommandNames.All, "dry_run"] };
        Assert.Equal(said, Render<OrderDialog>(p => p.Add(d => d.Agent, agent).Add(d => d.Kind, kind)).Has("dry-run-note"));
    }

    [Fact]
    public void A_connected_host_needs_no_such_note() => Assert.False(Open(ActionKind.Isolate).Has("offline-note"));

    [Fact]
    public void The_default_is_to_leave_everything_as_it_is()
    {
        var dialog = Open(ActionKind.Isolate);
        Assert.Equal("reason-input", Assert.Single(dialog.FindAll("[autofocus]")).GetAttribute("data-testid"));
        Assert.Equal("Cancel", dialog.Test("dismiss-button").Said());
        Assert.All(dialog.FindAll("button"), b => Assert.Equal("button", b.GetAttribute("type")));
        Assert.Empty(dialog.FindAll("form"));
        dialog.Test("dismiss-button").Click();
        Assert.Equal((1, 0), (closed, Hub.Queued.Count));
    }

    [Fact]
    public async Task A_second_click_that_was_on_its_way_comes_with_the_first_one_s_key_or_not_at_all()
    {
        var dialog = Open(ActionKind.Isolate);
        dialog.Test("reason-input").Input("C2 beacon");
        Hub.HoldOrders = new TaskCompletionSource();
        var confirm = dialog.Test("confirm-button");
        var first = confirm.ClickAsync(new());
        await confirm.ClickAsync(new());
        Hub.HoldOrders.SetResult();
        await first;
        // The dialog is closing, and the browser has not heard of it yet.
        await confirm.ClickAsync(new());
        Assert.Single(Hub.Queued);
        Assert.Single(Hub.Keys.Distinct());
    }

    [Fact]
    public void After_a_refusal_the_same_dialog_tries_again_under_its_key_and_another_dialog_under_another()
    {
        var dialog = Open(ActionKind.Isolate);
        dialog.Test("reason-input").Input("C2 beacon");
        Hub.Refuse = new ProblemView { Title = "Not now." };
        dialog.Test("confirm-button").Click();
        Hub.Refuse = null;
        dialog.Test("confirm-button").Click();
        var other = Open(ActionKind.Isolate);
        other.Test("reason-input").Input("C2 beacon");
        other.Test("confirm-button").Click();
        Assert.Equal((3, 2), (Hub.Keys.Count, Hub.Keys.Distinct().Count()));
    }

    [Fact]
    public void Escape_closes_it_once()
    {
        var dialog = Open(ActionKind.Isolate);
        dialog.Find("dialog").TriggerEvent("onclose", EventArgs.Empty);
        dialog.Find("dialog").TriggerEvent("onclose", EventArgs.Empty);
        Assert.Equal((1, 0), (closed, Hub.Queued.Count));
    }

    [Fact]
    public void It_opens_as_a_native_modal_dialog() { Open(ActionKind.Restore); JSInterop.VerifyInvoke("voltaxe.openDialog"); }

    [Fact]
    public void A_refusal_stays_in_the_dialog_with_its_id()
    {
        Hub.Refuse = new ProblemView { Title = "Host is protected.", TraceId = "00-abc" };
        var dialog = Open(ActionKind.Isolate);
        dialog.Test("reason-input").Input("C2 beacon");
        dialog.Test("confirm-button").Click();
        dialog.WaitForAssertion(() => Assert.Equal("Host is protected. Correlation id 00-abc", dialog.Test("problem").Said()));
        Assert.Equal(0, closed);
        Assert.Equal("C2 beacon", dialog.Test("reason-input").GetAttribute("value"));
    }

    [Fact]
    public void A_fault_of_the_hub_leaves_the_outcome_open()
    {
        Hub.Fault = new IOException("disk");
        var dialog = Open(ActionKind.Isolate);
        dialog.Test("reason-input").Input("C2 beacon");
        dialog.Test("confirm-button").Click();
        dialog.WaitForAssertion(() => Assert.Contains("may have been accepted", dialog.Test("problem").Said(), StringComparison.Ordinal));
    }

    [Fact]
    public void A_second_click_while_the_first_travels_orders_nothing_twice()
    {
        Hub.HoldOrders = new();
        var dialog = Open(ActionKind.Isolate);
        dialog.Test("reason-input").Input("C2 beacon");
        dialog.Test("confirm-button").Click();
        Assert.True(dialog.Test("confirm-button").IsOff());
        dialog.Test("confirm-button").Click();
        Hub.HoldOrders.SetResult();
        dialog.WaitForAssertion(() => Assert.Equal(1, closed));
        Assert.Single(Hub.Queued);
    }

    [Fact]
    public void What_was_typed_stays_while_the_host_changes()
    {
        var dialog = Open(ActionKind.Isolate);
        dialog.Test("reason-input").Input("C2 beacon");
        dialog.Render(p => p.Add(d => d.Agent, Given.Agent(presence: Presence.Offline)));
        Assert.Equal("C2 beacon", dialog.Test("reason-input").GetAttribute("value"));
        Assert.True(dialog.Has("offline-note"));
    }

    [Fact]
    public void A_kill_names_its_process()
    {
        var dialog = Open(ActionKind.Kill);
        dialog.Test("reason-input").Input("malware");
        dialog.Test("pid-input").Input("412");
        dialog.Test("confirm-button").Click();
        Assert.True(dialog.Has("start-time-fault"));
        dialog.Test("process-name-input").Input("evil");
        dialog.Test("confirm-button").Click();
        dialog.WaitForAssertion(() => Assert.Equal("""{"pid":412,"name":"evil"}""", Assert.Single(Hub.Queued).Params!.Value.GetRawText()));
    }

    [Fact]
    public void A_process_is_chosen_from_what_the_host_says_runs_on_it_now()
    {
        Hub.Processes = () => new ProcessList(Given.Noon.AddSeconds(-4), [Process(1, 0, "systemd"), Process(700, 412, "child"), Process(412, 1, "evil"), Process(2, 0, "kthreadd") with { IsKernel = true }], 3);
        var dialog = Open(ActionKind.Kill);
        dialog.WaitFor("process-picker");
        dialog.WaitForAssertion(() => Assert.Equal(["1", "412", "700"], dialog.Tests("process-row").Select(r => r.Value())));
        Assert.Equal(["a-web-01"], Hub.AskedForProcesses);
        Assert.Contains("depth-2", dialog.Tests("process-row")[2].QuerySelector("td")!.ClassName, StringComparison.Ordinal);
        Assert.Equal("4.0 s", dialog.Test("process-age").Said());
        Assert.Contains("left 3 out", dialog.Test("process-more").Said(), StringComparison.Ordinal);

        dialog.Test("process-filter").Input("EVIL");
        dialog.Test("choose-process").Click();
        Assert.Equal("true", dialog.Test("choose-process").GetAttribute("aria-pressed"));
        dialog.Test("reason-input").Input("malware");
        dialog.Test("confirm-button").Click();
        dialog.WaitForAssertion(() => Assert.Equal("""{"pid":412,"name":"evil","start_time":"boot:412"}""", Assert.Single(Hub.Queued).Params!.Value.GetRawText()));
    }

    [Fact]
    public void What_the_agent_would_refuse_is_locked_with_the_reason_and_an_odd_name_goes_as_it_was_listed()
    {
        Hub.Processes = () => new ProcessList(Given.Noon, [Process(1, 0, "systemd") with { Protected = "it is the first process of the host" }, Process(412, 1, " odd\u001b ")], 0);
        var dialog = Open(ActionKind.Kill);
        dialog.WaitForAssertion(() => Assert.Equal("Not ended: it is the first process of the host", dialog.Test("process-locked").Said()));
        dialog.Test("choose-process").Click();
        dialog.Test("reason-input").Input("malware");
        dialog.Test("confirm-button").Click();
        dialog.WaitForAssertion(() => Assert.Equal(" odd\u001b ", Assert.Single(Hub.Queued).Params!.Value.GetProperty("name").GetString()));
    }

    [Fact]
    public void A_host_that_gives_no_list_says_why_and_can_be_asked_again()
    {
        Hub.Processes = () => new ProblemView { Title = "No answer", Detail = "The host did not answer within 30 s.", Status = 504 };
        var dialog = Open(ActionKind.Kill);
        dialog.WaitForAssertion(() => Assert.Contains("did not answer", dialog.Test("problem").Said(), StringComparison.Ordinal));
        Hub.Processes = () => new ProcessList(Given.Noon, [Process(412, 1, "evil")], 0);
        dialog.Test("ask-processes-button").Click();
        dialog.WaitForAssertion(() => Assert.Single(dialog.Tests("process-row")));
        Assert.False(dialog.Has("problem"));
        Hub.Processes = () => new ProblemView { Title = "No answer", Status = 504 };
        dialog.Test("ask-processes-button").Click();
        // An old list is better than none, and says how old it is.
        dialog.WaitForAssertion(() => Assert.True(dialog.Has("problem")));
        Assert.Single(dialog.Tests("process-row"));
    }

    [Fact]
    public void A_host_that_is_away_is_not_asked()
    {
        var dialog = Render<OrderDialog>(p => p.Add(d => d.Agent, Given.Agent() with { Presence = Presence.Offline }).Add(d => d.Kind, ActionKind.Kill));
        Assert.True(dialog.Has("no-process-list"));
        Assert.Empty(Hub.AskedForProcesses);
    }

    [Fact]
    public void Hostile_processes_are_inert()
    {
        Hub.Processes = () => new ProcessList(Given.Noon, [new ProcessRow(5, 5, Given.Hostile, Given.Hostile, Given.Hostile, Given.Hostile, false)], 0);
        var dialog = Open(ActionKind.Kill);
        dialog.WaitFor("process-row");
        AssertInert(dialog);
    }

    private static ProcessRow Process(int pid, int parent, string name) => new(pid, parent, name, "root", "/usr/bin/" + name, $"boot:{pid}", false);

    [Fact]
    public void A_collection_takes_what_is_ticked()
    {
        var dialog = Open(ActionKind.Collect);
        foreach (var item in CommandParams.Collectors.Except(["processes", "sockets"]))
            dialog.Test($"collect-{item}").Change(false);
        dialog.Test("reason-input").Input("triage");
        dialog.Test("confirm-button").Click();
        dialog.WaitForAssertion(() => Assert.Equal("""{"collect":["processes","sockets"]}""", Assert.Single(Hub.Queued).Params!.Value.GetRawText()));
    }

    [Fact]
    public void A_dialog_about_a_hostile_host_is_inert() =>
        AssertInert(Render<OrderDialog>(p => p.Add(d => d.Agent, Given.Agent() with { Host = Given.Hostile }).Add(d => d.Kind, ActionKind.Isolate)));

    [Fact]
    public void A_button_that_is_off_says_why_and_does_nothing()
    {
        var clicks = 0;
        var shown = Render<ActionButton>(p => p.Add(b => b.TestId, "x").Add(b => b.Text, "Do").Add(b => b.Glyph, Glyph.Play).Add(b => b.Availability, new Availability("Not now.")).Add(b => b.OnClick, () => clicks++));
        shown.Test("x").Click();
        Assert.Equal(0, clicks);
        Assert.Equal(shown.Test("x-why").Id, shown.Test("x").GetAttribute("aria-describedby"));
        Assert.Equal("Not now.", shown.Test("x-why").Said());
        shown.Render(p => p.Add(b => b.Availability, Availability.Yes));
        shown.Test("x").Click();
        Assert.Equal(1, clicks);
    }

    [Fact]
    public void A_label_points_to_its_input_and_its_fault()
    {
        var shown = Render<Field>(p => p.Add(f => f.For, "a").Add(f => f.Label, "A").Add(f => f.Fault, "Wrong.").Add(f => f.Optional, true));
        Assert.Equal("a", shown.Find("label").GetAttribute("for"));
        Assert.Equal("A (optional)", shown.Find("label").Said());
        Assert.Equal("Wrong.", shown.Test("a-fault").Said());
    }

    [Fact]
    public void The_reason_counts_its_characters()
    {
        var shown = Render<ReasonField>();
        shown.Test("reason-input").Input("  abc ");
        Assert.Contains("3 of 5 to 500", shown.Find(".hint").Said(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_bar_offers_what_the_host_can_and_says_what_it_cannot()
    {
        var bar = Bar(Given.Agent() with { Capabilities = [CommandNames.NetworkIsolate, CommandNames.CollectForensics] });
        Assert.False(bar.Test("isolate-button").IsOff());
        Assert.False(bar.Has("restore-button"));
        Assert.True(bar.Test("kill-button").IsOff());
        Assert.Contains("kill_process", bar.Test("kill-button-why").Said(), StringComparison.Ordinal);
        bar.Test("kill-button").Click();
        Assert.False(bar.Has("dialog"));
        bar.Test("collect-button").Click();
        Assert.True(bar.Has("dialog"));
    }

    [Fact]
    public void A_host_that_nobody_knows_the_state_of_can_be_isolated_and_restored()
    {
        var bar = Bar(Given.Agent(containment: Containment.Unknown));
        Assert.True(bar.Has("isolate-button") && bar.Has("restore-button"));
    }

    [Fact]
    public void A_withdrawal_needs_a_reason_too_and_says_what_it_means()
    {
        var button = Render<CancelButton>(p => p.Add(c => c.Command, Given.HandedOver(Given.Command())).Add(c => c.Rights, Admin));
        Assert.Equal("Ask to cancel", button.Test("cancel-button").Said());
        Hub.Put(Given.HandedOver(Given.Command()));
        button.Test("cancel-button").Click();
        Assert.Contains("if it has begun, it finishes", button.Test("consequence").Said(), StringComparison.Ordinal);
        button.Test("confirm-button").Click();
        Assert.Empty(Hub.Cancelled);
        button.Test("reason-input").Input("false alarm");
        button.Test("confirm-button").Click();
        button.WaitForAssertion(() => Assert.Equal([(7L, "false alarm")], Hub.Cancelled));
        button.WaitForAssertion(() => Assert.False(button.Has("dialog")));
    }

    [Fact]
    public void A_withdrawal_that_came_too_late_is_told_by_the_hub()
    {
        Hub.Refuse = new ProblemView { Title = "It has ended." };
        var button = Render<CancelButton>(p => p.Add(c => c.Command, Given.Command()).Add(c => c.Rights, Admin));
        button.Test("cancel-button").Click();
        button.Render(p => p.Add(c => c.Command, Given.Command(status: CommandStatus.Executed)));
        Assert.False(button.Has("cancel-button"));
        Assert.Contains("It has ended meanwhile", button.Test("consequence").Said(), StringComparison.Ordinal);
        button.Test("reason-input").Input("false alarm");
        button.Test("confirm-button").Click();
        button.WaitForAssertion(() => Assert.Equal("It has ended.", button.Test("problem").Said()));
    }

    [Fact]
    public void A_withdrawal_of_a_hostile_command_is_inert()
    {
        var button = Render<CancelButton>(p => p.Add(c => c.Command, Given.Command() with { Host = Given.Hostile, Reason = Given.Hostile, CreatedBy = Given.Hostile, Command = Given.Hostile }).Add(c => c.Rights, Admin));
        button.Test("cancel-button").Click();
        AssertInert(button);
    }

    private IRenderedComponent<ActionBar> Bar(AgentView agent)
    {
        Hub.Put(agent);
        return Render<ActionBar>(p => p.Add(b => b.Agent, agent).Add(b => b.Open, []).Add(b => b.Rights, Admin));
    }

    private IRenderedComponent<OrderDialog> Open(ActionKind kind, Presence presence = Presence.Live)
    {
        var agent = Given.Agent(presence: presence);
        Hub.Put(agent);
        return Render<OrderDialog>(p => p.Add(d => d.Agent, agent).Add(d => d.Kind, kind).Add(d => d.OnQueued, queued.Add).Add(d => d.OnClosed, () => closed++));
    }
}
