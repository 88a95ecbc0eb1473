using System.Net;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Starting;

/// <summary>Acceptance 41: the published hub, from wherever somebody starts it.</summary>
[UnsupportedOSPlatform("windows")]
public sealed partial class FromAnyFolderTests(PublishedHub published) : IClassFixture<PublishedHub>, IDisposable
{
    private readonly TempFolder folder = new("anywhere");

    public void Dispose() => folder.Dispose();

    [NeedsTheory(Needs.Linux)]
    [InlineData("program")]
    [InlineData("link")]
    [InlineData("dll")]
    public async Task It_finds_its_files_and_settings_beside_itself_and_its_data_where_it_was_started(string how)
    {
        var port = FreePort.Next();
        var copy = how == "link" ? published.CopyTo(folder) : published.Folder;
        var start = how == "dll" ? ChildStart.DotNet(Path.Combine(copy, "Voltaxe.Hub.dll"), "serve") : new ChildStart(Path.Combine(copy, "Voltaxe.Hub"), ["serve"]);
        if (how == "link")
        {
            File.WriteAllText(Path.Combine(copy, "appsettings.json"), $$"""{ "Urls": "http://127.0.0.1:{{port}}" }""");
            File.CreateSymbolicLink(folder.File("voltaxe-hub"), Path.Combine(copy, "Voltaxe.Hub"));
            start = new ChildStart(folder.File("voltaxe-hub"), ["serve"]);
        }
        else
            start = start with { Arguments = [.. start.Arguments, "--urls", $"http://127.0.0.1:{port}"] };
        var elsewhere = folder.Folder("elsewhere");
        File.WriteAllText(Path.Combine(elsewhere, "appsettings.json"), """{ "Voltaxe": { "PollSeconds": 0 } }"""); // somebody else's
        await using var hub = ChildProcess.Start(start with { WorkingDirectory = elsewhere }, "hub");
        await hub.WaitForLineAsync(Listening(), Site.Patience);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        var page = await http.GetStringAsync("/sign-in");
        var files = Files().Matches(page).Select(m => WebUtility.HtmlDecode(m.Groups[1].Value)).ToArray();
        Assert.True(files.Length >= 4, page);
        foreach (var file in files)
        {
            using var answer = await http.GetAsync("/" + file);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.NotEmpty(await answer.Content.ReadAsByteArrayAsync());
            Assert.Matches("^(text/css|text/javascript|image/svg)", answer.Content.Headers.ContentType?.MediaType);
        }
        Assert.True(File.Exists(Path.Combine(elsewhere, "data", "voltaxe.db")), "the default ./data is where it was started");

        // A command line from there works on the same data.
        var token = await PublishedHub.RunAsync(new ChildStart(published.Program, ["token", "create", "--name", "ana", "--role", "viewer"]) with { WorkingDirectory = elsewhere });
        Assert.True(token.ExitCode == 0, token.Error);
        http.DefaultRequestHeaders.Authorization = new("Bearer", token.Output);
        using var agents = await http.GetAsync("/api/v1/agents");
        Assert.Equal(HttpStatusCode.OK, agents.StatusCode);
    }

    [NeedsTheory(Needs.Linux)]
    [InlineData("wwwroot")]
    [InlineData("wwwroot/dashboard.js")]
    [InlineData("wwwroot/_framework/blazor.web.js")]
    [InlineData("Voltaxe.Hub.staticwebassets.endpoints.json")]
    public async Task Without_its_static_files_it_does_not_start(string lost)
    {
        var copy = published.CopyTo(folder);
        Shell.Run("rm", "-r", Path.Combine(copy, lost));
        var ran = await PublishedHub.RunAsync(new ChildStart(Path.Combine(copy, "Voltaxe.Hub"), ["serve", "--urls", "http://127.0.0.1:0"]) with { WorkingDirectory = folder.Folder("elsewhere") });
        PublishedHub.AssertOneLine(4, "static", ran);
    }

    [GeneratedRegex("Now listening on")]
    private static partial Regex Listening();

    [GeneratedRegex("(?:<script[^>]*src|<link[^>]*href)=\"([^\"]+)\"")]
    private static partial Regex Files();
}
