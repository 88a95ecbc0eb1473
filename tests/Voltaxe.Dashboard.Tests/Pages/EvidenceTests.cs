using AngleSharp.Dom;
using Bunit;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Pages;
using Voltaxe.Dashboard.Components.Parts.Progress;
using Voltaxe.Dashboard.Model.Looks;
using Voltaxe.Dashboard.Model.Ordering;
using Voltaxe.Dashboard.Model.Texts;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Pages;

public class EvidenceTests : Screen
{
    private static readonly CommandView Collection = Given.Command(command: CommandNames.CollectForensics);

    [Fact]
    public void A_file_is_seen_to_arrive_and_can_be_fetched_when_it_is_whole()
    {
        Hub.Put(Given.Evidence(received: 500));
        var page = Open("/evidence");
        var row = page.WaitFor("evidence-row-e-0001");
        Assert.Equal(("25", "25 % received"), (row.In("evidence-state").Value(), row.In("evidence-state").Said()));
        Assert.Equal("25", row.QuerySelector("progress")!.GetAttribute("value"));
        Assert.True(row.In("download").IsOff());
        Assert.Contains("Not all of it", row.In("download-why").TextContent, StringComparison.Ordinal);

        Hub.Put(Given.Evidence(received: 1_999));
        page.WaitForAssertion(() => Assert.Equal("99", page.Test("evidence-state").Value()));
        Hub.Put(Given.Evidence(received: 700));
        Hub.Put(Given.Evidence());
        page.WaitForAssertion(() => Assert.Equal("Complete", page.Test("evidence-state").Said()));
        var link = page.Test("download");
        Assert.Equal(("A", "api/v1/evidence/e-0001", true), (link.TagName, link.GetAttribute("href"), link.HasAttribute("download")));
        Assert.Contains(new string('a', 64), page.Test("evidence-row-e-0001").Said(), StringComparison.Ordinal);
        Hub.RemoveEvidence("e-0001");
        Assert.Contains("No evidence has been collected", page.WaitFor("empty-state").Said(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_starts_over_is_shown_as_it_is()
    {
        Hub.Put(Given.Evidence(received: 1_500));
        var page = Open("/evidence");
        page.WaitFor("evidence-row-e-0001");
        Hub.Put(Given.Evidence(received: 0) with { UpdatedAt = Given.Noon.AddMinutes(2) });
        page.WaitForAssertion(() => Assert.Equal("0", page.Test("evidence-state").Value()));
    }

    [Theory]
    [InlineData("viewer")]
    [InlineData("approver")]
    public void Who_may_only_look_is_told_why_there_is_no_copy(string role)
    {
        SignIn(role);
        Hub.Put(Given.Evidence());
        var page = Open("/evidence");
        page.WaitFor("evidence-row-e-0001");
        Assert.True(page.Test("download").IsOff());
        Assert.Contains($"Your role ({role}) may not take copies", page.Test("download-why").Said(), StringComparison.Ordinal);
        Assert.DoesNotContain("api/v1/evidence", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void A_responder_may_take_copies()
    {
        SignIn("responder");
        Hub.Put(Given.Evidence());
        var page = Open("/evidence");
        page.WaitFor("evidence-row-e-0001");
        Assert.Equal("A", page.Test("download").TagName);
    }

    [Fact]
    public void Filters_and_pages_are_in_the_address()
    {
        Hub.Put([.. Enumerable.Range(1, 30).Select(n => Given.Evidence(n, n, n % 2 == 0 ? "web-01" : "db-01"))]);
        var page = Open("/evidence?size=25");
        page.WaitFor("evidence-row-e-0030");
        Assert.False(page.Has("evidence-row-e-0005"));
        page.Test("older").Click();
        page.WaitFor("evidence-row-e-0005");
        Assert.Contains("after=e-0006", Browser.Uri, StringComparison.Ordinal);
        Assert.False(page.Has("evidence-row-e-0006"));

        page.Test("host-filter").Change("WEB-01");
        page.WaitForAssertion(() => Assert.Equal(15, page.FindAll("tbody tr").Count));
        page.Test("command-filter").Change("#4");
        page.WaitForAssertion(() => Assert.Equal("evidence-row-e-0004", Assert.Single(page.FindAll("tbody tr")).GetAttribute("data-testid")));
        Assert.Equal(["command=4", "host=WEB-01", "size=25"], new Uri(Browser.Uri).Query[1..].Split('&').Order(StringComparer.Ordinal));
        page.Test("clear-filters").Click();
        page.WaitForAssertion(() => Assert.Equal(25, page.FindAll("tbody tr").Count));
        page.Test("command-filter").Change("999");
        Assert.Contains("No evidence fits", page.WaitFor("empty-state").Said(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_an_agent_calls_its_files_is_inert()
    {
        Hub.Put(Given.Evidence() with { Name = Given.Hostile, Kind = Given.Hostile, Host = Given.Hostile[..200], Sha256 = Given.Hostile });
        var page = Open("/evidence");
        page.WaitFor("evidence-table");
        AssertInert(page);
    }

    [Fact]
    public void A_host_and_a_command_show_what_was_collected_there()
    {
        Hub.Put(Given.Agent(), Given.Agent("db-01"));
        Hub.Put(Given.At(Collection, CommandStatus.Executed));
        Hub.Put(Given.Evidence(), Given.Evidence(2, 8), Given.Evidence(3, 9, "db-01"));
        var host = Render<Host>(p => p.Add(h => h.Name, "web-01"));
        host.WaitForAssertion(() => Assert.Equal(["evidence-row-e-0002", "evidence-row-e-0001"], Rows(host.Test("evidence-panel"))));
        var command = Render<CommandPage>(p => p.Add(c => c.Id, 7));
        command.WaitForAssertion(() => Assert.Equal(["evidence-row-e-0001"], Rows(command.Test("evidence-panel"))));
        Hub.Put(Given.Evidence(4, received: 20));
        command.WaitForAssertion(() => Assert.Equal(["evidence-row-e-0004", "evidence-row-e-0001"], Rows(command.Test("evidence-panel"))));

        Hub.Put(Given.Command(8));
        var other = Render<CommandPage>(p => p.Add(c => c.Id, 8));
        other.WaitFor("tracker");
        Assert.False(other.Has("evidence-panel"));
    }

    [Fact]
    public void While_a_collection_runs_its_tracker_says_how_far_it_is()
    {
        Hub.Put(Given.Running(Collection));
        var page = Render<CommandPage>(p => p.Add(c => c.Id, 7));
        page.WaitFor("tracker");
        Assert.False(page.Has("collect-progress"));
        Hub.Put(new ProgressView(7, 40, "processes", ProgressStage.Collecting, Given.Noon));
        Assert.Equal("Collecting: processes – 40 % at 12:00:00", page.WaitFor("collect-progress").Said());
        Hub.Put(new ProgressView(8, 90, "sockets", ProgressStage.Collecting, Given.Noon.AddSeconds(1)));
        Hub.Put(new ProgressView(7, 80, null, ProgressStage.Uploading, Given.Noon.AddSeconds(2)));
        page.WaitForAssertion(() => Assert.Equal("Sending to the hub – 80 % at 12:00:02", page.Test("collect-progress").Said()));
        Assert.Equal("80", page.Test("collect-progress").QuerySelector("progress")!.GetAttribute("value"));
        Hub.Put(Given.At(Collection, CommandStatus.Executed));
        page.WaitForAssertion(() => Assert.False(page.Has("collect-progress")));
    }

    [Fact]
    public void Another_kind_of_command_is_not_asked_how_far_it_is()
    {
        Hub.Put(new ProgressView(7, 40, "processes", null, Given.Noon));
        var shown = Render<CommandTracker>(p => p.Add(t => t.Command, Given.Running(Given.Command())).Add(t => t.Rights, new Rights("admin", true, true, true)));
        Assert.False(shown.Has("collect-progress"));
        Assert.Equal(0, Hub.OpenViews);
    }

    [Fact]
    public void What_an_agent_says_it_is_at_is_inert()
    {
        Hub.Put(Given.Running(Collection));
        Hub.Put(new ProgressView(7, 400, Given.Hostile, null, Given.Noon));
        var shown = Render<CollectProgress>(p => p.Add(c => c.CommandId, 7));
        Assert.Equal("100", shown.WaitFor("collect-progress").QuerySelector("progress")!.GetAttribute("value"));
        AssertInert(shown);
    }

    [Fact]
    public async Task Leaving_lets_go_of_the_hub()
    {
        Hub.Put(Given.Agent());
        Hub.Put(Given.Running(Collection));
        var page = Render<CommandPage>(p => p.Add(c => c.Id, 7));
        page.WaitForAssertion(() => Assert.Equal(3, Hub.OpenViews));
        await DisposeComponentsAsync();
        await Testing.Eventually.TrueAsync(() => Hub.OpenViews == 0);
    }

    [Fact]
    public void When_live_changes_stop_it_says_so()
    {
        Hub.Put(Given.Evidence());
        var page = Open("/evidence");
        page.WaitFor("evidence-row-e-0001");
        Hub.Break(new IOException("gone"));
        page.WaitFor("feed-lost");
        Assert.True(page.Has("evidence-row-e-0001"));
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1_599, "1.5 KiB")]
    [InlineData(1_048_575, "1023.9 KiB")]
    [InlineData(2L << 30, "2 GiB")]
    [InlineData(long.MaxValue, "8388607.9 TiB")]
    public void Sizes_are_never_rounded_up(long bytes, string words) => Assert.Equal(words, ByteSize.Say(bytes));

    [Fact]
    public void All_of_it_is_said_only_of_all_of_it()
    {
        Assert.Equal(99, EvidenceLook.Percent(Given.Evidence(size: 1_000_000_000_000, received: 999_999_999_999)));
        Assert.Equal("Complete, replaced", EvidenceLook.Of(Given.Evidence() with { ReplacedAt = Given.Noon }).Word);
    }

    private static IEnumerable<string?> Rows(IElement panel) => panel.QuerySelectorAll("tbody tr").Select(r => r.GetAttribute("data-testid"));

    private IRenderedComponent<EvidencePage> Open(string address)
    {
        Browser.NavigateTo(address);
        return Render<EvidencePage>();
    }
}
