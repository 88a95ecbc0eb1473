using System.Globalization;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;

namespace Voltaxe.EndToEnd.Tests.Screens;

/// <summary>200 hosts, names of 253 characters, every state: nothing is out of sight at any width, and Back leads to where one was.</summary>
[Collection(RealProcesses.Name)]
public sealed class EveryWidthTests(BusyFleet fleet) : IClassFixture<BusyFleet>, IDisposable
{
    private const string Dialog = "dialog[open] ";
    private static readonly int[] Widths = [320, 360, 600, 768, 1024, 1440];
    private readonly Browser browser = fleet.Browser;

    /// <summary>What cannot be seen without scrolling sideways: of the page, of an open dialog, of a list in it, and whatever can be used.</summary>
    internal const string OutOfSight = """
        const found = [], root = document.documentElement;
        if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth - root.clientWidth} px too wide`);
        const dialog = document.querySelector("dialog[open]");
        for (const box of dialog?.querySelectorAll(".list, .body") ?? []) if (box.scrollWidth > box.clientWidth) found.push(`${box.className} in the dialog is too wide`);
        if (dialog && dialog.scrollWidth > dialog.clientWidth) found.push("the dialog is too wide");
        for (const one of (dialog ?? document).querySelectorAll("a, button, input, select, textarea, summary")) {
          const at = one.getBoundingClientRect(), cell = one.closest("td.do")?.getBoundingClientRect();
          if (at.width === 0 || one.matches(".skip, .sr-only, [type=hidden]")) continue;
          if (at.left < -1 || at.right > root.clientWidth + 1 || (cell && (at.left < cell.left - 1 || at.right > cell.right + 1)))
            found.push(`${one.dataset.testid ?? one.outerHTML.slice(0, 80)} is at ${at.left}–${at.right}`);
        }
        return found.slice(0, 10).join("; ");
        """;

    public void Dispose() => browser?.Resize(1280);

    [NeedsFact(Needs.Chromium)]
    public async Task Nothing_is_out_of_sight_on_any_page_at_any_width()
    {
        var faults = new List<string>();
        foreach (var (name, path, sight) in Pages)
        {
            browser.Open(fleet.At(path));
            await browser.FindAsync(sight, Site.Patience);
            Look(name, faults);
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [NeedsFact(Needs.Chromium)]
    public async Task Nothing_is_out_of_sight_in_any_dialog_at_any_width()
    {
        var faults = new List<string>();
        foreach (var (name, host, button, sight) in Dialogs)
        {
            browser.Open(fleet.At(host));
            await browser.ClickAsync($"[data-testid={button}]");
            await browser.FindAsync(Dialog + sight, Site.Patience);
            Look(name, faults);
            await browser.ClickAsync(Dialog + "[data-testid=confirm-button]");
            await browser.FindAsync(Dialog + "[data-testid=reason-fault]", Site.Patience);
            Look(name + "-refused", faults, 320);
        }
        // The hub says no; and the one dialog that shows something afterwards, of a host that is silent by now; and the message after an order.
        foreach (var (host, sight) in new[] { (BusyFleet.Silent, "[data-testid=problem]"), (BusyFleet.Unproven, "[data-testid=release-code]") })
        {
            browser.Open(fleet.At("/hosts/" + host));
            await browser.FindAsync("[data-testid=release-button]", Site.Patience);
            await browser.ClickAsync("[data-testid=release-button]");
            await browser.TypeAsync(Dialog + "[data-testid=reason-input]", BusyFleet.Reason);
            await browser.ClickAsync(Dialog + "[data-testid=confirm-button]");
            await browser.FindAsync(Dialog + sight, Site.Patience);
            Look("release-" + sight[13..^1], faults);
        }
        browser.Open(fleet.At("/fleet?q=host-19"));
        await browser.ClickAsync("[data-testid=host-row-host-190] [data-testid=isolate-button]");
        await browser.TypeAsync(Dialog + "[data-testid=reason-input]", BusyFleet.Reason);
        await browser.ClickAsync(Dialog + "[data-testid=confirm-button]");
        await browser.SeeAsync("[data-testid=toasts]", "is queued as", Site.Patience);
        Look("toast", faults, 320, 1440);
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [NeedsFact(Needs.Chromium)]
    public async Task What_is_not_a_proven_isolation_does_not_read_as_one()
    {
        (string Host, string Word)[] hosts =
        [
            (BusyFleet.DryRun, "Dry run: isolated"), (BusyFleet.Proven, "Isolated"), (BusyFleet.Unproven, "Isolated, not proven"), (BusyFleet.Legacy, "Reported isolated, not proven"), (BusyFleet.Silent, "Isolated, not proven"),
        ];
        browser.Open(fleet.At("/fleet?size=200"));
        foreach (var (host, word) in hosts)
            Assert.Equal(word, (await browser.FindAsync($"[data-testid='host-row-{host}'] [data-testid=containment-badge]", Site.Patience)).Text);
        await browser.SeeAsync("[data-testid=chip-isolated]", "4", Site.Patience);
        foreach (var (host, word) in hosts)
        {
            browser.Open(fleet.At("/hosts/" + host));
            Assert.Equal(word, (await browser.FindAsync("[data-testid=host-header] [data-testid=containment-badge]", Site.Patience)).Text);
        }
        browser.Open(fleet.At(string.Create(CultureInfo.InvariantCulture, $"/commands/{fleet.Isolation.Id}")));
        await browser.SeeAsync("[data-testid=tracker-sentence]", "A dry run", Site.Patience);
    }

    [NeedsFact(Needs.Chromium)]
    public async Task Back_leads_to_the_same_filter_order_page_and_place()
    {
        browser.Resize(1280);
        browser.Open(fleet.At("/fleet"));
        await browser.FindAsync("[data-testid=fleet-table]", Site.Patience);
        browser.MarkPage();
        browser.Ask<object?>("const s = document.querySelector('[data-testid=presence-filter]'); s.value = 'never'; s.dispatchEvent(new Event('change', { bubbles: true }));");
        await browser.SeeAsync("[data-testid=pager-words]", $"of {BusyFleet.Plain}", Site.Patience);
        await browser.ClickAsync("thead th:first-child button"); // The other direction.
        await browser.SeeAsync("tbody tr:first-child", "host-194", Site.Patience);
        await browser.ClickAsync("[data-testid=page-next]");
        await browser.SeeAsync("tbody tr:first-child", "host-144", Site.Patience);
        browser.Ask<object?>("scrollTo({ top: 700, behavior: 'instant' });");
        await Eventually.TrueAsync(() => Place() == 700, Site.Patience, "scrolled");
        var here = browser.Address;

        foreach (var (away, sight) in new[] { ("tbody tr:nth-child(20) th a", "[data-testid=host-header]"), ("nav a[href=commands]", "[data-testid=command-table]") })
        {
            browser.Ask<object?>("document.querySelector(arguments[0]).click();", away);
            await browser.FindAsync(sight, Site.Patience);
            // From now on every frame in which rows are shown shows them in their place: nothing flashes.
            browser.Ask<object?>("""
                window.__frames = [];
                const look = () => { if (document.querySelector("[data-testid=fleet-table]")) window.__frames.push(scrollY); if (window.__frames.length < 30) requestAnimationFrame(look); };
                requestAnimationFrame(look);
                """);
            browser.Driver.Navigate().Back();
            await browser.SeeAsync("tbody tr:first-child", "host-144", Site.Patience);
            await Eventually.TrueAsync(() => browser.Ask<long>("return window.__frames.length;") >= 30, Site.Patience, "thirty frames");
            Assert.Equal("700", browser.Ask<string>("return [...new Set(window.__frames.map(Math.round))].join();"));
            Assert.Equal(here, browser.Address);
            Assert.Equal("never", (await browser.FindAsync("[data-testid=presence-filter]")).GetDomProperty("value"));
            Assert.True(browser.IsSamePage);
        }

        // Who scrolls while the rows are on their way is not pulled back.
        browser.Ask<object?>("document.querySelector('nav a[href=commands]').click();");
        await browser.FindAsync("[data-testid=command-table]", Site.Patience);
        browser.Ask<object?>("addEventListener('popstate', () => setTimeout(() => document.body.dispatchEvent(new Event('wheel', { bubbles: true }))), { once: true }); history.back();");
        await browser.SeeAsync("tbody tr:first-child", "host-144", Site.Patience);
        Assert.Equal(0, Place());
        browser.Ask<object?>("scrollTo({ top: 700, behavior: 'instant' });");
        await Eventually.TrueAsync(() => Place() == 700, Site.Patience, "scrolled");

        // Loaded anew, it is the same place; and from there the steps lead back one by one: the page, the order, the filter.
        browser.Driver.Navigate().Refresh();
        await browser.SeeAsync("tbody tr:first-child", "host-144", Site.Patience);
        await Eventually.TrueAsync(() => Place() == 700, Site.Patience, "in its place again");
        browser.Driver.Navigate().Back();
        await browser.SeeAsync("tbody tr:first-child", "host-194", Site.Patience);
        browser.Driver.Navigate().Back();
        await browser.SeeAsync("tbody tr:first-child", "host-001", Site.Patience);
        browser.Driver.Navigate().Back();
        await browser.SeeAsync("[data-testid=pager-words]", "of 200", Site.Patience);

        // Typing made one step of all its letters.
        await browser.TypeAsync("[data-testid=search-input]", "host-11");
        await browser.SeeAsync("[data-testid=pager-words]", "1–10 of 10", Site.Patience);
        browser.Ask<object?>("document.querySelector('tbody th a').click();");
        await browser.FindAsync("[data-testid=host-header]", Site.Patience);
        browser.Driver.Navigate().Back();
        await browser.SeeAsync("[data-testid=pager-words]", "1–10 of 10", Site.Patience);
        Assert.Equal("host-11", (await browser.FindAsync("[data-testid=search-input]")).GetDomProperty("value"));
    }

    private long Place() => browser.Ask<long>("return Math.round(scrollY);");

    private (string Name, string Path, string Sight)[] Pages =>
    [
        ("fleet", "/fleet?size=200", "[data-testid=fleet-table]"),
        ("fleet-none", "/fleet?q=" + BusyFleet.Reason[..90], "[data-testid=empty-state]"),
        ("host-dry", "/hosts/" + BusyFleet.DryRun, "[data-testid=evidence-table]"),
        ("host-proven", "/hosts/" + BusyFleet.Proven, "[data-testid=tracker]"),
        ("host-unproven", "/hosts/" + BusyFleet.Unproven, "[data-testid=tracker]"),
        ("host-legacy", "/hosts/" + BusyFleet.Legacy, "[data-testid=tracker]"),
        ("host-silent", "/hosts/" + BusyFleet.Silent, "[data-testid=release-button]"),
        ("host-degraded", "/hosts/" + BusyFleet.Degraded, "[data-testid=cancel-button]"),
        ("host-none", "/hosts/" + BusyFleet.Reason[..200], "[data-testid=empty-state]"),
        ("commands", "/commands", "[data-testid=command-table]"),
        ("commands-history", "/commands?tab=history&host=" + BusyFleet.DryRun, "[data-testid=command-table]"),
        ("command", string.Create(CultureInfo.InvariantCulture, $"/commands/{fleet.Isolation.Id}"), "[data-testid=command-result]"),
        ("command-collected", string.Create(CultureInfo.InvariantCulture, $"/commands/{fleet.Collection.Id}"), "[data-testid=evidence-table]"),
        ("command-pending", string.Create(CultureInfo.InvariantCulture, $"/commands/{fleet.Pending.Id}"), "[data-testid=cancel-button]"),
        ("command-none", "/commands/999999", "[data-testid=empty-state]"),
        ("evidence", "/evidence?host=" + BusyFleet.DryRun, "[data-testid=evidence-table]"),
        ("not-found", "/no/such/page", "nav"),
        ("access-denied", "/access-denied", "main h1"),
        ("sign-in", "/sign-in?error=credentials", "[data-testid=sign-in-error]"),
        ("sign-in-once", "/sign-in/once?setup=true&error=password_mismatch&token=" + new string('t', 200), "[data-testid=password-again]"),
        ("sign-in-once-cut", "/sign-in/once", "[data-testid=no-token]"),
    ];

    private (string Name, string Host, string Button, string Sight)[] Dialogs =>
    [
        ("dialog-isolate", "/hosts/host-001", "isolate-button", "[data-testid=offline-note]"),
        ("dialog-restore", "/hosts/" + BusyFleet.Proven, "restore-button", "[data-testid=consequence]"),
        ("dialog-restore-dry", "/hosts/" + BusyFleet.DryRun, "restore-button", "[data-testid=dry-run-note]"),
        ("dialog-kill", "/hosts/" + BusyFleet.DryRun, "kill-button", "[data-testid=process-row]"),
        ("dialog-kill-silent", "/hosts/" + BusyFleet.Silent, "kill-button", "[data-testid=no-process-list]"),
        ("dialog-collect", "/hosts/" + BusyFleet.DryRun, "collect-button", "[data-testid=collect-mounts]"),
        ("dialog-release", "/hosts/" + BusyFleet.Silent, "release-button", "[data-testid=consequence]"),
        ("dialog-cancel", string.Create(CultureInfo.InvariantCulture, $"/commands/{fleet.Pending.Id}"), "cancel-button", "[data-testid=consequence]"),
    ];

    private void Look(string name, List<string> faults, params int[] widths)
    {
        foreach (var width in widths.Length > 0 ? widths : Widths)
        {
            browser.Resize(width);
            if (browser.Ask<string>(OutOfSight) is { Length: > 0 } fault)
                faults.Add($"{name} at {width}: {fault} ({browser.Picture($"{name}-{width}")})");
        }
    }
}
