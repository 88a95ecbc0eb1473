using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;

namespace Voltaxe.EndToEnd.Tests.Screens;

/// <summary>A hub and a browser in which somebody is signed in, for all tests of a class. Where there is no Chromium it starts nothing: they are skipped.</summary>
public class SignedIn : IAsyncLifetime
{
    public Site Site { get; private set; } = null!;
    public Browser Browser { get; private set; } = null!;

    public Uri At(string path) => new(Site.Hub.Url, path);

    public async Task InitializeAsync()
    {
        if (Machine.WhatIsMissing(Needs.Chromium) is not null)
            return;
        Site = await Site.StartAsync();
        await FillAsync();
        Browser = new Browser();
        await SignInAsync();
    }

    /// <summary>What there is before anybody looks.</summary>
    protected virtual Task FillAsync() => Task.CompletedTask;

    /// <summary>By the link that a new hub prints once.</summary>
    protected virtual async Task SignInAsync()
    {
        Browser.Open(await FirstPerson.LinkAsync(Site));
        await FirstPerson.ChoosePasswordAsync(Browser);
    }

    public async Task DisposeAsync()
    {
        Browser?.Dispose();
        if (Site is not null)
            await Site.DisposeAsync();
    }
}
