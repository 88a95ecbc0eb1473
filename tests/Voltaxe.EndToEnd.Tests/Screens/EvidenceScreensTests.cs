using System.Security.Cryptography;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;

namespace Voltaxe.EndToEnd.Tests.Screens;

/// <summary>A collection as a person sees it: ordered, on its way, there, and in that person's own folder of downloads.</summary>
[Collection(RealProcesses.Name)]
public sealed class EvidenceScreensTests
{
    private const int MiB = 1024 * 1024;
    private const string Host = "web-01", Panel = "[data-testid=evidence-panel] ", Tracker = "[data-testid=tracker] ";

    [NeedsFact(Needs.Chromium)]
    public async Task Evidence_is_ordered_followed_and_downloaded_in_the_browser()
    {
        using var temp = new TempFolder("temp");
        await File.WriteAllBytesAsync(temp.File("noise.bin"), RandomNumberGenerator.GetBytes(6 * MiB));
        await using var site = await Site.StartAsync();
        await using var line = await LossyLine.ToAsync(site.Hub.Url);
        var (stands, goesOn) = (new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        // The upload stands still in the middle for as long as somebody looks at it.
        line.Midway = offset => offset > 0 && stands.TrySetResult(offset) ? goesOn.Task : Task.CompletedTask;
        var agent = await site.EnrolAsync(Host, through: line.Url);
        agent.Start(environment: new Dictionary<string, string?> { ["VOLTAXE_FORENSICS_TEMP_FOLDERS"] = temp.Root });
        using var browser = new Browser();
        browser.Open(await FirstPerson.LinkAsync(site));
        await FirstPerson.ChoosePasswordAsync(browser);
        browser.Open(new Uri(site.Hub.Url, "/evidence"));
        await browser.SeeAsync("[data-testid=empty-state]", "No evidence has been collected yet", Site.Patience);
        browser.Pictures("evidence-empty");

        // Ordered on the host's page.
        browser.Open(new Uri(site.Hub.Url, "/hosts/" + Host));
        await browser.SeeAsync(Panel, "None is here", Site.Patience);
        browser.MarkPage();
        await browser.ClickAsync("[data-testid=collect-button]");
        await browser.TypeAsync("dialog[open] [data-testid=reason-input]", "implant found on web-02");
        browser.Pictures("collect-dialog");
        await browser.ClickAsync("dialog[open] [data-testid=confirm-button]");

        // On its way.
        await browser.SeeAsync(Tracker + "[data-testid=collect-progress]", "Sending to the hub", Site.Patience);
        var reached = await stands.Task.Within(Site.Patience);
        var half = Assert.Single((await site.Operator.EvidenceAsync()).Items);
        Assert.Equal(reached, half.Received);
        await browser.SeeAsync(Panel + "[data-testid=evidence-state]", $"{100 * half.Received / half.Size} % received", Site.Patience);
        browser.Pictures("host-collecting");
        await browser.ScrollToAsync("[data-testid=evidence-panel]");
        browser.Pictures("host-collecting-evidence");

        // There.
        goesOn.SetResult();
        await browser.SeeAsync(Tracker + "[data-testid=command-status]", "Executed", Site.Patience);
        await browser.SeeAsync(Panel + "[data-testid=evidence-state]", "Complete", Site.Patience);
        Assert.True(browser.IsSamePage, "the host's page followed by itself");
        Assert.Empty(browser.Driver.FindElements(OpenQA.Selenium.By.CssSelector("[data-testid=collect-progress]")));
        browser.Pictures("host-collected");
        await browser.ScrollToAsync("[data-testid=evidence-panel]");
        browser.Pictures("host-collected-evidence");
        var evidence = Assert.Single((await site.Operator.EvidenceAsync()).Items);

        // And on the page of all evidence, from where it is taken home.
        browser.Open(new Uri(site.Hub.Url, "/evidence"));
        await browser.SeeAsync($"[data-testid=evidence-row-{evidence.Id}]", evidence.Sha256, Site.Patience);
        browser.Pictures("evidence");
        await browser.ClickAsync($"[data-testid=evidence-row-{evidence.Id}] [data-testid=download]");
        // Chromium writes under another name until it has all of it.
        await Eventually.TrueAsync(() => Directory.GetFiles(browser.Downloads) is [var file] && file.EndsWith(".tar.gz", StringComparison.Ordinal), Site.Patience, "the download is whole");
        var file = Directory.GetFiles(browser.Downloads).Single();
        Assert.Equal($"{Host}-{evidence.CommandId}-{evidence.Name}", Path.GetFileName(file));
        var copy = await EvidenceCopy.OpenAsync(file);
        Assert.Equal((evidence.Size, evidence.Sha256), (copy.Size, copy.Sha256));
        Assert.Equal("taken", copy.Piece("temp_files", temp.File("noise.bin")).GetProperty("status").GetString());

        browser.Open(new Uri(site.Hub.Url, $"/commands/{evidence.CommandId}"));
        await browser.SeeAsync(Panel + "[data-testid=evidence-state]", "Complete", Site.Patience);
        await browser.SeeAsync("[data-testid=collected-item][data-value='temp files']", "2 taken", Site.Patience);
        browser.Pictures("command-collected");
        Assert.Empty(browser.Complaints);
    }

    [NeedsFact(Needs.Chromium)]
    public async Task On_a_narrow_screen_a_row_of_evidence_is_a_card()
    {
        await using var site = await Site.StartAsync();
        await site.StartAgentAsync(Host);
        var order = await site.Operator.QueueAsync(Host, Contracts.Commands.CommandNames.CollectForensics, new { collect = new[] { "modules" } });
        await site.Operator.UntilAsync(order.Id, Site.Patience, Contracts.Commands.CommandStatus.Executed);
        using var browser = new Browser(width: 500);
        browser.Open(await FirstPerson.LinkAsync(site));
        await FirstPerson.ChoosePasswordAsync(browser);
        browser.Open(new Uri(site.Hub.Url, "/evidence"));
        await browser.SeeAsync("[data-testid=evidence-state]", "Complete", Site.Patience);
        browser.Pictures("evidence-narrow");
        Assert.Equal(0L, ((OpenQA.Selenium.IJavaScriptExecutor)browser.Driver).ExecuteScript("return document.documentElement.scrollWidth - document.documentElement.clientWidth;"));
    }
}
