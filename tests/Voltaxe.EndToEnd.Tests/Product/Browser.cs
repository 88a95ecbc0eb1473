using System.Runtime.CompilerServices;
using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Product;

/// <summary>
/// A real Chromium without a window, with a fresh profile. Waits are on what the page shows, bounded, and leave a picture and the
/// page's text in tests/TestResults when they give up.
/// </summary>
public sealed class Browser : IDisposable
{
    private readonly TempFolder profile = new("browser");
    private readonly ChromeDriverService service;
    private readonly IDisposable will;
    private readonly ChromeDriver driver;

    public Browser(int width = 1280, int height = 900, params string[] more)
    {
        service = ChromeDriverService.CreateDefaultService(Path.GetDirectoryName(Machine.Find("chromedriver"))!, "chromedriver");
        service.SuppressInitialDiagnosticInformation = true;
        // Chromium keeps its profile's name on its command line, and in those of all its helpers.
        will = LastWill.Add($"for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline | grep -qF -- {Shell.Quote("--user-data-dir=" + profile.Root)} && kill -9 ${{p#/proc/}}; done");
        var options = new ChromeOptions { BinaryLocation = Machine.Find("chromium") };
        options.AddArguments("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", $"--window-size={width},{height}", "--user-data-dir=" + profile.Root);
        options.AddArguments(more);
        options.AddUserProfilePreference("download.default_directory", Downloads);
        options.AddUserProfilePreference("download.prompt_for_download", false);
        options.SetLoggingPreference(LogType.Browser, LogLevel.All);
        driver = new ChromeDriver(service, options, TimeSpan.FromSeconds(60));
    }

    public IWebDriver Driver => driver;

    /// <summary>Where files land that a page hands out.</summary>
    public string Downloads => profile.Folder("downloads");

    /// <summary>The address that the page shows now.</summary>
    public Uri Address => new(driver.Url);

    /// <summary>All text of the page as a person sees it.</summary>
    public string Text => driver.FindElement(By.TagName("body")).Text;

    /// <summary>What the page's scripts complained about since it was last asked.</summary>
    public IReadOnlyList<string> Complaints =>
        [.. driver.Manage().Logs.GetLog(LogType.Browser).Where(entry => entry.Level == LogLevel.Severe).Select(entry => entry.Message)];

    public void Open(Uri address) => driver.Navigate().GoToUrl(address);

    /// <summary>The element that this CSS selector names, once it is there and shown.</summary>
    public Task<IWebElement> FindAsync(string css, TimeSpan? within = null, [CallerMemberName] string test = "", [CallerFilePath] string? file = null, [CallerLineNumber] int line = 0) =>
        UntilAsync(() => driver.FindElements(By.CssSelector(css)).FirstOrDefault(e => e.Displayed), css + " is shown", within, test, file, line);

    /// <summary>Waits until the element shows this text, without a reload.</summary>
    public Task<IWebElement> SeeAsync(string css, string text, TimeSpan? within = null, [CallerMemberName] string test = "", [CallerFilePath] string? file = null, [CallerLineNumber] int line = 0) =>
        UntilAsync(() => driver.FindElements(By.CssSelector(css)).FirstOrDefault(e => e.Displayed && e.Text.Contains(text, StringComparison.OrdinalIgnoreCase)), $"{css} shows “{text}”", within, test, file, line);

    /// <summary>Waits until nothing that the selector names is shown.</summary>
    public Task GoneAsync(string css, TimeSpan? within = null, [CallerMemberName] string test = "", [CallerFilePath] string? file = null, [CallerLineNumber] int line = 0) =>
        UntilAsync(() => driver.FindElements(By.CssSelector(css)).Any(e => e.Displayed) ? null : driver.FindElement(By.TagName("body")), css + " is gone", within, test, file, line);

    public async Task ClickAsync(string css, [CallerMemberName] string test = "", [CallerFilePath] string? file = null, [CallerLineNumber] int line = 0) =>
        await UntilAsync(() =>
        {
            var element = driver.FindElements(By.CssSelector(css)).FirstOrDefault(e => e is { Displayed: true, Enabled: true });
            element?.Click();
            return element;
        }, css + " can be clicked", null, test, file, line);

    public async Task TypeAsync(string css, string text, [CallerMemberName] string test = "", [CallerFilePath] string? file = null, [CallerLineNumber] int line = 0)
    {
        var field = await FindAsync(css, null, test, file, line);
        field.Clear();
        field.SendKeys(text);
    }

    /// <summary>A mark on the page that a reload would wipe out: to prove that a change came by itself.</summary>
    public void MarkPage() => driver.ExecuteScript("window.__not_reloaded = true;");

    public bool IsSamePage => driver.ExecuteScript("return window.__not_reloaded === true;") is true;

    /// <summary>Chooses <c>light</c> or <c>dark</c>, as another tab of the same browser would.</summary>
    public void Theme(string name) => driver.ExecuteScript(
        "localStorage.setItem('voltaxe-theme', arguments[0]); dispatchEvent(new StorageEvent('storage', { key: 'voltaxe-theme' }));", name);

    /// <summary>Keeps a picture of the page and its text beside the test results; gives the picture's path.</summary>
    public string Picture(string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(SourceTree.Root, "tests", "TestResults", "screens")).FullName;
        var picture = Path.Combine(folder, name + ".png");
        driver.GetScreenshot().SaveAsFile(picture);
        File.WriteAllText(Path.Combine(folder, name + ".html"), driver.PageSource);
        return picture;
    }

    /// <summary>What this script returns.</summary>
    public T? Ask<T>(string script, params object[] arguments) => (T?)driver.ExecuteScript(script, arguments);

    /// <summary>As wide as this from now on, narrower than a window may be, too.</summary>
    public void Resize(int width, int height = 900) => driver.ExecuteCdpCommand("Emulation.setDeviceMetricsOverride",
        new Dictionary<string, object?> { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = false });

    /// <summary>Another tab of the same browser, and so of the same session, which is looked at from now on; gives back its handle.</summary>
    public string NewTab(Uri address)
    {
        driver.SwitchTo().NewWindow(WindowType.Tab);
        Open(address);
        return driver.CurrentWindowHandle;
    }

    public void Tab(string handle) => driver.SwitchTo().Window(handle);

    /// <summary>These keys to whatever has the focus, as a person types: nothing is looked for first.</summary>
    public void Type(string keys) => new OpenQA.Selenium.Interactions.Actions(driver).SendKeys(keys).Perform();

    /// <summary>Moves the page until the element is in sight.</summary>
    public async Task ScrollToAsync(string css, [CallerMemberName] string test = "", [CallerFilePath] string? file = null, [CallerLineNumber] int line = 0) =>
        driver.ExecuteScript("arguments[0].scrollIntoView({ block: 'end', behavior: 'instant' });", await FindAsync(css, null, test, file, line));

    /// <summary>The page in both themes.</summary>
    public void Pictures(string page)
    {
        foreach (var theme in new[] { "light", "dark" })
        {
            Theme(theme);
            Picture($"{page}-{theme}");
        }
    }

    public void Dispose()
    {
        driver.Quit();
        driver.Dispose();
        service.Dispose();
        profile.Dispose();
        will.Dispose();
    }

    private async Task<IWebElement> UntilAsync(Func<IWebElement?> look, string what, TimeSpan? within, string test, string? file, int line)
    {
        IWebElement? found = null;
        try
        {
            await Eventually.TrueAsync(() => (found = Patiently(look)) is not null, within, what, file, line);
            return found!;
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}. Picture: {Picture(test)}. {Address} shows:\n{Text}\nComplaints: {string.Join('\n', Complaints)}", late);
        }
    }

    /// <summary>A page that changes under the eye gives stale or covered elements: look again.</summary>
    private static IWebElement? Patiently(Func<IWebElement?> look)
    {
        try
        {
            return look();
        }
        catch (Exception changed) when (changed is StaleElementReferenceException or ElementClickInterceptedException or ElementNotInteractableException)
        {
            return null;
        }
    }
}
