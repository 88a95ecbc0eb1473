using System.Text.Json;
using Voltaxe.Contracts.Commands;
using Voltaxe.Dashboard.Model.Ordering;

namespace Voltaxe.Dashboard.Tests.Model;

public class OrderDraftTests
{
    [Theory]
    [InlineData(null, false)]
    [InlineData("    a    ", false)]
    [InlineData("1234", false)]
    [InlineData(" 12345 ", true)]
    public void A_reason_has_five_characters_at_least_not_counting_blanks(string? reason, bool good) =>
        Assert.Equal(good, !new OrderDraft(ActionKind.Isolate, "h") { Reason = reason }.Check().ContainsKey("reason"));

    [Fact]
    public void A_reason_has_five_hundred_characters_at_most()
    {
        Assert.Null(OrderDraft.ReasonFault(new string('x', 500)));
        Assert.NotNull(OrderDraft.ReasonFault(new string('x', 501)));
    }

    [Fact]
    public void An_isolation_says_for_how_long_or_nothing()
    {
        Assert.Equal("{}", Params(new(ActionKind.Isolate, "h")));
        Assert.Equal("""{"duration_seconds":3600}""", Params(new(ActionKind.Isolate, "h") { DurationSeconds = 3600 }));
    }

    [Theory]
    [InlineData(null, null, null, "params.pid")]
    [InlineData("12", null, null, "params.start_time")]
    [InlineData("1", "sshd", null, "params.pid")]
    [InlineData("abc", "sshd", null, "params.pid")]
    [InlineData("99999999999", "sshd", null, "params.pid")]
    public void A_kill_without_a_sure_target_is_not_sent(string? pid, string? name, string? start, string field) =>
        Assert.Contains(field, new OrderDraft(ActionKind.Kill, "h") { Reason = "reason", Pid = pid, ProcessName = name, StartTime = start }.Check().Keys);

    [Fact]
    public void A_kill_goes_with_pid_and_name()
    {
        var draft = new OrderDraft(ActionKind.Kill, "h") { Reason = " because ", Ticket = " ", Pid = " 412 ", ProcessName = "sshd" };
        Assert.Empty(draft.Check());
        var order = draft.ToOrder();
        Assert.Equal(("kill_process", "because", null), (order.Command, order.Reason, order.Ticket));
        Assert.Equal("""{"pid":412,"name":"sshd"}""", Params(draft));
    }

    [Fact]
    public void A_collection_needs_something_to_collect_and_names_it_only_when_it_is_a_part()
    {
        var draft = new OrderDraft(ActionKind.Collect, "h") { Reason = "reason" };
        Assert.Equal("{}", Params(draft));
        draft.Collect.Remove("logs");
        Assert.DoesNotContain("logs", Params(draft), StringComparison.Ordinal);
        Assert.Empty(draft.Check());
        draft.Collect.Clear();
        Assert.Contains("params.collect", draft.Check().Keys);
    }

    [Theory]
    [InlineData(ActionKind.Isolate)]
    [InlineData(ActionKind.Restore)]
    [InlineData(ActionKind.Collect)]
    public void What_a_draft_makes_is_what_the_hub_takes(ActionKind kind)
    {
        var order = new OrderDraft(kind, "h") { Reason = "reason" }.ToOrder();
        Assert.Empty(CommandParams.Check(order.Command!, order.Params));
    }

    private static string Params(OrderDraft draft) => JsonSerializer.Serialize(draft.ToOrder().Params);
}
