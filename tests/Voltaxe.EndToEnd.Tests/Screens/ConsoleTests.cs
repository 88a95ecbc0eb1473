using System.Diagnostics;
using System.Globalization;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Network;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Screens;

/// <summary>
/// The whole product as a person meets it: a real browser, a hub, and an agent that cuts its host off with real nftables. What the
/// screen says is compared with what a connection from that host says.
/// </summary>
[Collection(RealProcesses.Name)]
public sealed class ConsoleTests
{
    private const string Host = "web-01";
    private static readonly TimeSpan Prompt = TimeSpan.FromSeconds(1);

    /// <summary>Against a dialog that asks nobody.</summary>
    private const int TimesBare = 3;
    private const string Containment = "[data-testid=host-header] [data-testid=containment-badge]";

    [NeedsFact(Needs.Chromium | Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task From_the_first_link_to_a_host_that_is_cut_off_and_freed_again()
    {
        using var segment = new NetSegment();
        segment.JoinMachine();
        var (hubHost, agentHost, elsewhere) = (segment.AddHost(), segment.AddHost(), segment.AddHost());
        await using var canary = new Canary(elsewhere);
        await using var site = await Site.StartAsync(hubHost);
        using var browser = new Browser();

        // The first administrator: the link that the hub printed, once.
        browser.Open(await FirstPerson.LinkAsync(site));
        await browser.FindAsync("[data-testid=password-again]", Site.Patience);
        browser.Pictures("sign-in-first");
        await FirstPerson.ChoosePasswordAsync(browser);
        await browser.SeeAsync("[data-testid=empty-state]", "No host has enrolled yet", Site.Patience);
        browser.Pictures("fleet-empty");

        // A host enrols and comes alive on the open page.
        browser.MarkPage();
        await site.StartAgentAsync(Host, agentHost, dryRun: false);
        await browser.SeeAsync($"[data-testid=host-row-{Host}] [data-testid=presence-badge]", "Live", Site.Patience);
        await browser.SeeAsync($"[data-testid=host-row-{Host}] [data-testid=containment-badge]", "Normal", Site.Patience);
        Assert.True(browser.IsSamePage, "the fleet page followed by itself");
        browser.Pictures("fleet");
        Assert.True(await canary.AnswersAsync(agentHost, Eventually.Patience), "before: the host reaches others");

        // Isolate, with a reason; a dialog without one goes nowhere.
        await browser.ClickAsync($"[data-testid=host-row-{Host}] th a");
        await browser.SeeAsync(Containment, "Normal", Site.Patience);
        browser.MarkPage();
        await browser.ClickAsync("[data-testid=isolate-button]");
        await browser.ClickAsync("dialog[open] [data-testid=confirm-button]");
        await browser.SeeAsync("dialog[open]", "Say why", Site.Patience);
        await browser.TypeAsync("dialog[open] [data-testid=reason-input]", "C2 beacon to 203.0.113.9");
        await browser.GoneAsync("dialog[open] [data-testid=reason-fault]");
        browser.Pictures("isolate-dialog");
        await browser.ClickAsync("dialog[open] [data-testid=confirm-button]");
        await browser.SeeAsync(Containment, "Isolated", Site.Patience);
        Assert.True(browser.IsSamePage, "the badge turned without a reload");
        await browser.SeeAsync("[data-testid=tracker] [data-testid=command-status]", "Executed", Site.Patience);
        browser.Pictures("host-isolated");
        Assert.False(await canary.AnswersAsync(agentHost), "isolated: the host reaches nobody");
        Assert.True(await agentHost.CanReachAsync(hubHost.V4, site.Hub.Url.Port, Eventually.Patience), "isolated: the host reaches the hub");
        Assert.Contains("voltaxe", agentHost.Tool("nft", "list", "ruleset"), StringComparison.Ordinal);

        // One process of the isolated host, chosen from what runs there now. That is a question: the queue does not see it.
        await using var evil = ChildProcess.Start(agentHost.Inside(new ChildStart("sleep", ["300"])));
        // How long it takes is judged on the machine as it is: one that is busy with something else takes as long for a dialog that asks nobody.
        var (answered, bare) = (TimeSpan.MaxValue, TimeSpan.Zero);
        bool IsPrompt() => answered <= Prompt || answered <= bare * TimesBare;
        for (var opened = 0; opened < 5 && !IsPrompt(); opened++)
        {
            bare = await OpenAsync("[data-testid=collect-button]", "dialog[open] [data-testid=confirm-button]");
            await browser.ClickAsync("dialog[open] [data-testid=dismiss-button]");
            answered = await OpenAsync("[data-testid=kill-button]", "dialog[open] [data-testid=process-row]");
            if (!IsPrompt())
                await browser.ClickAsync("dialog[open] [data-testid=dismiss-button]");
        }
        Assert.True(IsPrompt(), $"the host's processes were on the screen after {answered}, in the best of five; a dialog that asks nobody after {bare}");
        async Task<TimeSpan> OpenAsync(string button, string shown)
        {
            var clock = Stopwatch.StartNew();
            await browser.ClickAsync(button);
            await browser.FindAsync(shown, Site.Patience);
            return clock.Elapsed;
        }
        Assert.Single((await site.Operator.CommandsAsync()).Items);
        await browser.TypeAsync("dialog[open] [data-testid=process-filter]", evil.Id.ToString(CultureInfo.InvariantCulture));
        browser.Pictures("kill-dialog");
        await browser.ClickAsync($"dialog[open] [data-testid=process-row][data-value='{evil.Id}'] [data-testid=choose-process]");
        await browser.TypeAsync("dialog[open] [data-testid=reason-input]", "it should not be there");
        await browser.ClickAsync("dialog[open] [data-testid=confirm-button]");
        Assert.Equal(128 + 15, await evil.ExitAsync(Site.Patience));
        await browser.SeeAsync("[data-testid=command-result]", "SIGTERM", Site.Patience);
        browser.Pictures("host-killed");

        // And back.
        await browser.ClickAsync("[data-testid=restore-button]");
        await browser.TypeAsync("dialog[open] [data-testid=reason-input]", "false alarm");
        await browser.ClickAsync("dialog[open] [data-testid=confirm-button]");
        await browser.SeeAsync(Containment, "Normal", Site.Patience);
        Assert.True(browser.IsSamePage);
        Assert.True(await canary.AnswersAsync(agentHost, Eventually.Patience), "restored: the host reaches others again");
        Assert.DoesNotContain("voltaxe", agentHost.Tool("nft", "list", "ruleset"), StringComparison.Ordinal);
        await browser.SeeAsync("[data-testid=tracker] [data-testid=command-status]", "Executed", Site.Patience);
        browser.Pictures("host-restored");

        // The command's own page, the lists.
        await browser.ClickAsync("[data-testid=tracker] h2 a");
        await browser.FindAsync("[data-testid=command-facts]", Site.Patience);
        browser.Pictures("command");
        browser.Open(new Uri(site.Hub.Url, "/commands?tab=history"));
        await browser.SeeAsync("[data-testid=command-table]", "false alarm", Site.Patience);
        browser.Pictures("commands-history");
        browser.Open(new Uri(site.Hub.Url, "/commands"));
        await browser.FindAsync("[data-testid=tab-pending]", Site.Patience);
        browser.Pictures("commands-pending");
        // A browser passes over this header, and says so, where the hub is reached without TLS and by another name than localhost.
        Assert.DoesNotContain(browser.Complaints, c => !c.Contains("Cross-Origin-Opener-Policy", StringComparison.Ordinal));

        // Out, and in again with the password; the page that was asked for comes back.
        await browser.ClickAsync("[data-testid=sign-out-button]");
        await browser.FindAsync("[data-testid=sign-in-notice]", Site.Patience);
        browser.Pictures("sign-in");
        browser.Open(new Uri(site.Hub.Url, "/hosts/" + Host));
        await browser.TypeAsync("[data-testid=username]", "admin");
        await browser.TypeAsync("[data-testid=password]", "not the password");
        await browser.ClickAsync("[data-testid=sign-in-button]");
        await browser.FindAsync("[data-testid=sign-in-error]", Site.Patience);
        await browser.TypeAsync("[data-testid=username]", "admin");
        await browser.TypeAsync("[data-testid=password]", FirstPerson.Password);
        await browser.ClickAsync("[data-testid=sign-in-button]");
        await browser.SeeAsync(Containment, "Normal", Site.Patience);
        Assert.Equal("/hosts/" + Host, browser.Address.AbsolutePath);
    }
}
