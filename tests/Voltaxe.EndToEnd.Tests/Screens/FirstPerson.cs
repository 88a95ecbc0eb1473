using System.Text.RegularExpressions;
using Voltaxe.EndToEnd.Tests.Product;

namespace Voltaxe.EndToEnd.Tests.Screens;

/// <summary>The first administrator, who comes by the link that a new hub prints once.</summary>
internal static partial class FirstPerson
{
    public const string Password = "correct horse battery";

    public static async Task<Uri> LinkAsync(Site site) => new((await site.Hub.Process.WaitForLineAsync(Link(), Site.Patience)).Value);

    /// <summary>On the page that the link leads to. Signed in, afterwards.</summary>
    public static async Task ChoosePasswordAsync(Browser browser)
    {
        await browser.TypeAsync("[data-testid=password]", Password);
        await browser.TypeAsync("[data-testid=password-again]", Password);
        await browser.ClickAsync("[data-testid=sign-in-button]");
        await browser.SeeAsync("[data-testid=who]", "admin", Site.Patience);
    }

    [GeneratedRegex(@"http://\S+/sign-in/once\?token=\S+")]
    private static partial Regex Link();
}
