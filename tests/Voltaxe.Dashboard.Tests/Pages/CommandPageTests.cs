using System.Text.Json;
using Bunit;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Pages;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Pages;

public class CommandPageTests : Screen
{
    [Fact]
    public void One_command_is_followed_to_its_end()
    {
        Hub.Put(Given.Command());
        var page = Open("tracker");
        Assert.Equal("pending", page.Test("command-status").Value());
        Hub.Put(Given.Command(8));
        Hub.Put(Given.Running(Given.Command()));
        page.WaitForAssertion(() => Assert.Equal("current", page.Test("tracker-step-running").GetAttribute("data-state")));
        Hub.Put(Given.Command(status: CommandStatus.Executed));
        page.WaitForAssertion(() => Assert.Equal("executed", page.Test("command-status").Value()));
        Assert.Contains("\"status\": \"executed\"", page.Test("raw-json").TextContent, StringComparison.Ordinal);
        Assert.Equal("commands/7", page.Find("[data-copy]").GetAttribute("data-copy"));
    }

    [Fact]
    public void What_happened_while_the_view_was_opening_is_not_missed()
    {
        Hub.Put(Given.Command());
        Hub.Hold = new();
        var page = Open("tracker");
        Hub.Put(Given.Command(9));
        Hub.Put(Given.Command(status: CommandStatus.Failed));
        Hub.Hold.SetResult();
        page.WaitForAssertion(() => Assert.Equal("failed", page.Test("command-status").Value()));
    }

    [Fact]
    public void An_unknown_end_corrects_itself_when_the_truth_arrives()
    {
        Hub.Put(Given.Command(status: CommandStatus.Unknown));
        var page = Open("tracker");
        Assert.Contains("nobody can say", page.Test("tracker-sentence").Said(), StringComparison.Ordinal);
        Hub.Put(Given.Command(status: CommandStatus.Executed));
        page.WaitForAssertion(() => Assert.Equal("executed", page.Test("command-status").Value()));
        Hub.Say(Given.Command(status: CommandStatus.Unknown));
        Hub.Say(Given.Command(status: CommandStatus.Pending));
        Hub.Say(Given.Command(status: CommandStatus.Executed) with { VerifiedAt = Given.Noon });
        page.WaitForAssertion(() => Assert.Contains("proved the effect", page.Test("tracker-sentence").Said(), StringComparison.Ordinal));
        Assert.Equal("executed", page.Test("command-status").Value());
    }

    [Fact]
    public void A_number_that_nobody_has_says_so() => Assert.Contains("no command of this number", Open("empty-state").Test("empty-state").Said(), StringComparison.Ordinal);

    [Fact]
    public void Another_number_is_another_command()
    {
        Hub.Put(Given.Command(), Given.Command(8, "db-01", CommandNames.KillProcess, CommandStatus.Failed));
        var page = Open("tracker");
        page.Render(p => p.Add(c => c.Id, 8));
        page.WaitForAssertion(() => Assert.Equal(("failed", "Kill process on db-01"), (page.Test("command-status").Value(), page.Find("h1").Said())));
    }

    [Fact]
    public void It_can_be_cancelled_here()
    {
        Hub.Put(Given.HandedOver(Given.Command()));
        var page = Open("tracker");
        page.WaitForAssertion(() => Assert.False(page.Test("cancel-button").IsOff()));
        page.Test("cancel-button").Click();
        page.WaitFor("reason-input").Input("false alarm");
        page.Test("confirm-button").Click();
        page.WaitForAssertion(() => Assert.StartsWith("Cancel requested", page.Test("tracker-sentence").Said(), StringComparison.Ordinal));
        Assert.True(page.Test("cancel-button").IsOff());
    }

    [Fact]
    public async Task Leaving_the_page_lets_go_of_the_hub()
    {
        Hub.Put(Given.Command());
        Open("tracker");
        await Testing.Eventually.TrueAsync(() => Hub.OpenViews == 1);
        await DisposeComponentsAsync();
        await Testing.Eventually.TrueAsync(() => Hub.OpenViews == 0);
    }

    [Fact]
    public void A_hostile_command_is_inert()
    {
        Hub.Put(Given.At(Given.Command(), CommandStatus.Failed) with
        {
            Host = Given.Hostile,
            Reason = Given.Hostile,
            CreatedBy = Given.Hostile,
            Command = Given.Hostile,
            Ticket = Given.Hostile,
            Params = JsonSerializer.SerializeToElement(new { name = Given.Hostile }),
            Result = new(false, Given.Hostile, JsonSerializer.SerializeToElement(new[] { Given.Hostile })),
        });
        AssertInert(Open("tracker"), 200_000);
    }

    private IRenderedComponent<CommandPage> Open(string testId)
    {
        var page = Render<CommandPage>(p => p.Add(c => c.Id, 7));
        page.WaitFor(testId);
        return page;
    }
}
