using System.Text.Json;
using Bunit;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Parts.Progress;
using Voltaxe.Dashboard.Model.Ordering;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Parts;

public class ProgressTests : Screen
{
    private static readonly Rights Admin = new("admin", true, true, true);
    private static readonly CommandView Queued = Given.Command();

    [Fact]
    public void The_tracker_never_says_success_and_done_only_at_the_end()
    {
        CommandView[] life = [Queued, Given.HandedOver(Queued), Given.Received(Queued), Given.Running(Queued)];
        var shown = Render<CommandTracker>(p => p.Add(t => t.Command, life[0]).Add(t => t.Rights, Admin));
        foreach (var moment in life)
        {
            shown.Render(p => p.Add(t => t.Command, moment));
            Assert.DoesNotContain("success", shown.Markup, StringComparison.OrdinalIgnoreCase);
            Assert.Equal("ahead", shown.Test("tracker-step-done").GetAttribute("data-state"));
            Assert.DoesNotContain("Executed", shown.Find(".tracker").Said(), StringComparison.Ordinal);
        }
        shown.Render(p => p.Add(t => t.Command, Given.At(Queued, CommandStatus.Executed)));
        Assert.Equal("reached", shown.Test("tracker-step-done").GetAttribute("data-state"));
        Assert.Equal(("executed", "Executed"), (shown.Test("command-status").Value(), shown.Test("command-status").Said()));
    }

    [Fact]
    public void Where_it_waits_is_the_current_step_for_everybody()
    {
        var shown = Render<CommandTracker>(p => p.Add(t => t.Command, Given.HandedOver(Queued)).Add(t => t.Rights, Admin));
        var step = shown.Find("[aria-current=step]");
        Assert.Equal("tracker-step-delivered", step.GetAttribute("data-testid"));
        Assert.Equal("Pushed (waiting here) 12:00:00 push 4 ms", step.Said());
        Assert.Equal("Handed over; the agent has not confirmed it yet.", shown.Find("[role=status]").Said());
    }

    [Fact]
    public void An_ended_command_cannot_be_cancelled() =>
        Assert.False(Render<CommandTracker>(p => p.Add(t => t.Command, Given.At(Queued, CommandStatus.Failed)).Add(t => t.Rights, Admin)).Has("cancel-button"));

    [Fact]
    public void A_tracker_of_hostile_names_is_inert() => AssertInert(
        Render<CommandTracker>(p => p.Add(t => t.Command, Queued with { Command = Given.Hostile, CreatedBy = Given.Hostile, Host = Given.Hostile, Reason = Given.Hostile }).Add(t => t.Rights, Admin)));

    [Fact]
    public void What_the_agent_said_is_inert()
    {
        var data = JsonSerializer.SerializeToElement(new Dictionary<string, object> { [Given.Hostile[..60]] = "x", ["note"] = Given.Hostile[..200], ["list"] = new[] { Given.Hostile, Given.Hostile } });
        var shown = Render<CommandResult>(p => p.Add(r => r.Command, Given.At(Queued, CommandStatus.Failed) with { Result = new(false, Given.Hostile, data) }));
        AssertInert(shown);
        Assert.Contains("more characters", shown.Test("result-message").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_result_shows_its_plain_values_as_a_list_and_the_rest_as_json()
    {
        var shown = Render<CommandResult>(p => p.Add(r => r.Command, Given.At(Queued, CommandStatus.Executed) with
        {
            Result = new(true, "two\nlines", JsonElement.Parse("""{"changed":true,"exit_code":0,"processes":[{"pid":1}]}""")),
        }));
        Assert.Equal("two\nlines", shown.Test("result-message").TextContent);
        Assert.Equal("changed true exit code 0", shown.Find("dl").Said());
        Assert.Contains("\"pid\": 1", shown.Find("pre").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_collection_shows_item_by_item_what_is_missing_and_why()
    {
        var shown = Collected("""
            {"collected":3,"asked":4,"items":{
              "mounts":{"status":"complete","bytes":2048,"counts":{"taken":2}},
              "temp_files":{"status":"partial","bytes":1048576,"counts":{"cut":1,"refused":2,"taken":4},"pieces":[{"status":"cut","source":"/tmp/huge","cut":"cut at the cap"}],"not_taken":[{"status":"refused","source":"/tmp/link","why":"a symbolic link"}]},
              "users":{"status":"partial","bytes":10,"counts":{"error":1},"not_taken":[{"status":"refused","source":"/r","why":"a link"},{"status":"error","source":"/etc/sudoers","why":"permission denied"}]},
              "packages":{"status":"failed","bytes":0,"counts":{"absent":6},"error":"this host has nothing of it"}}}
            """);
        Assert.Equal(
        [
            "mounts Complete 2 KiB 2 taken", "temp files In part 1 MiB 1 cut, 2 refused, 4 taken /tmp/huge: cut at the cap", "users In part 10 B 1 error /etc/sudoers: permission denied",
            "packages Failed 0 B 6 absent this host has nothing of it",
        ], shown.FindAll("[data-testid=collected-item]").Select(r => r.Said()));
    }

    [Theory]
    [InlineData("""{"items":7}"""), InlineData("""{"items":{}}"""), InlineData("""{"items":{"mounts":"all"}}"""), InlineData("[1]"), InlineData("null")]
    public void A_collection_of_another_shape_shows_no_items(string data) => Assert.False(Collected(data).Has("collected-items"));

    [Fact]
    public void Items_of_a_wrong_shape_are_shown_as_far_as_they_go() => Assert.Equal(
        ["a Unknown –", "b odd –", "c In part – s: w"],
        Collected("""{"items":{"a":{"status":9,"bytes":"many","counts":[],"pieces":{},"error":null},"b":{"status":"odd","bytes":-1,"counts":{"x":"1"},"pieces":[3,{}],"not_taken":[null,{"status":"error"}]},"c":{"status":"partial","bytes":1.5,"pieces":[{"source":"s","cut":"w"}]}}}""")
            .FindAll("[data-testid=collected-item]").Select(r => r.Said()));

    [Fact]
    public void Items_of_a_hostile_agent_are_inert_and_few()
    {
        var item = new { status = Given.Hostile, bytes = 1, counts = new Dictionary<string, int> { [Given.Hostile] = 1 }, pieces = new[] { new { source = Given.Hostile, cut = Given.Hostile } } };
        var items = Enumerable.Range(0, 500).ToDictionary(n => n + Given.Hostile[..60], _ => item);
        var shown = Render<CollectedItems>(p => p.Add(c => c.Items, Voltaxe.Dashboard.Model.Progress.CollectedItem.Of(
            Given.At(Collection, CommandStatus.Executed) with { Result = new(true, "", JsonSerializer.SerializeToElement(new { items })) })));
        AssertInert(shown);
        Assert.InRange(shown.FindAll("[data-testid=collected-item]").Count, 1, 20);
    }

    private static readonly CommandView Collection = Given.Command() with { Command = CommandNames.CollectForensics };

    private IRenderedComponent<CommandResult> Collected(string data) =>
        Render<CommandResult>(p => p.Add(r => r.Command, Given.At(Collection, CommandStatus.Executed) with { Result = new(true, "collected", JsonElement.Parse(data)) }));

    [Fact]
    public void Without_a_result_it_says_whether_one_may_come()
    {
        Assert.Contains("No result yet", Render<CommandResult>(p => p.Add(r => r.Command, Queued)).Markup, StringComparison.Ordinal);
        Assert.Contains("reported none", Render<CommandResult>(p => p.Add(r => r.Command, Given.At(Queued, CommandStatus.Cancelled))).Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void The_order_is_shown_whole()
    {
        var said = Render<CommandFacts>(p => p.Add(f => f.Command, Given.At(Queued, CommandStatus.Superseded) with
        {
            Ticket = "IR-9",
            ApprovedBy = "bo",
            ApprovedAt = Given.Noon,
            NotBefore = Given.Noon,
            BatchId = "b-1",
            VerifiedAt = Given.Noon,
            CancelRequestedAt = Given.Noon,
            Channel = Channel.Poll,
            Params = JsonElement.Parse("""{"duration_seconds":60}"""),
        })).Markup;
        Assert.All(["IR-9", "bo", "b-1", "#8", "C2 beacon seen", "last by poll", "duration_seconds"], part => Assert.Contains(part, said, StringComparison.Ordinal));
    }

    [Fact]
    public void A_hostile_order_is_inert() => AssertInert(Render<CommandFacts>(p => p.Add(f => f.Command, Queued with
    {
        Reason = Given.Hostile,
        Ticket = Given.Hostile,
        CreatedBy = Given.Hostile,
        Command = Given.Hostile,
        BatchId = Given.Hostile,
        Params = JsonSerializer.SerializeToElement(new { name = Given.Hostile }),
    })));

    [Fact]
    public void A_host_shows_what_it_is()
    {
        var agent = Given.Agent(containment: Containment.Isolated) with { Drift = true, Degraded = "journal_unwritable", Tags = ["pci"], Legacy = true, ClockSkew = TimeSpan.FromHours(-26) };
        var shown = Render<HostHeader>(p => p.Add(h => h.Agent, agent).Add(h => h.Open, []).Add(h => h.Rights, Admin));
        Assert.Equal("web-01", shown.Find("h1").Said());
        Assert.Contains("journal unwritable", shown.Test("degraded").Said(), StringComparison.Ordinal);
        Assert.Contains("not what was last asked", shown.Test("drift-sentence").Said(), StringComparison.Ordinal);
        Assert.Equal("1 d 2 h behind", shown.Test("clock-skew").Said());
        Assert.Contains("Reported isolated since 11:55:00 Proven no", shown.Find("dl").Said(), StringComparison.Ordinal);
        Assert.Equal("Reported isolated, not proven", shown.Test("containment-badge").Said());
    }

    [Theory]
    [InlineData(true, false, "Isolated since 11:55:00 Proven 11:56:00", null)]
    [InlineData(false, false, "Isolated since 11:55:00 Proven no", "has not proven")]
    [InlineData(true, true, "Pretended since 11:55:00 Proven no", "only pretends")]
    public void A_proof_is_shown_only_where_there_was_one(bool verified, bool dry, string facts, string? sentence)
    {
        var agent = Given.Agent(containment: Containment.Isolated) with
        {
            Capabilities = dry ? [.. CommandNames.All, "dry_run"] : CommandNames.All,
            Observed = new(true, Given.Noon.AddMinutes(-5), verified ? Given.Noon.AddMinutes(-4) : null, Contracts.Wire.RulesState.Intact),
        };
        var shown = Render<HostHeader>(p => p.Add(h => h.Agent, agent).Add(h => h.Open, []).Add(h => h.Rights, Admin));
        Assert.Contains(facts, shown.Find("dl").Said(), StringComparison.Ordinal);
        Assert.Equal(sentence is not null, shown.Has("unproven"));
        if (sentence is not null)
            Assert.Contains(sentence, shown.Test("unproven").Said(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_isolation_without_proof_says_so_in_the_order_and_one_of_a_dry_run_too()
    {
        string Proven(CommandView command) => Render<CommandFacts>(p => p.Add(f => f.Command, command)).Test("command-proven").Said();
        var executed = Given.At(Queued, CommandStatus.Executed);
        Assert.Equal("12:00:02", Proven(executed with { VerifiedAt = Given.Noon.AddSeconds(2) }));
        Assert.Equal("no", Proven(executed));
        Assert.Equal("no: a dry run", Proven(executed with { VerifiedAt = Given.Noon, Result = new(true, "", JsonElement.Parse("""{"dry_run":true}""")) }));
    }

    [Fact]
    public void A_hostile_host_is_inert() => AssertInert(Render<HostHeader>(p => p.Add(h => h.Agent, Given.Agent() with
    {
        Host = Given.Hostile[..250],
        Os = Given.Hostile,
        Version = Given.Hostile,
        Degraded = Given.Hostile,
        Tags = [Given.Hostile, Given.Hostile],
        Id = Given.Hostile,
    }).Add(h => h.Open, []).Add(h => h.Rights, Admin)));
}
