using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Starting;

/// <summary>The hub as <c>dotnet publish</c> lays it out, once for all test classes, readable by everybody; gone with the test process.</summary>
public sealed class PublishedHub : IAsyncLifetime
{
    private static readonly Lazy<Task<string>> Published = new(PublishAsync);

    public string Folder { get; private set; } = "";

    public string Program => Path.Combine(Folder, OperatingSystem.IsWindows() ? "Voltaxe.Hub.exe" : "Voltaxe.Hub");

    public async Task InitializeAsync() => Folder = await Published.Value;

    private static async Task<string> PublishAsync()
    {
        var root = new TempFolder("published");
        var folder = root.File("hub");
        var start = new ChildStart("dotnet",
            ["publish", Path.Combine(SourceTree.Root, "Voltaxe.Hub"), "--no-build", "-c", SourceTree.Configuration, "-o", folder, "-v", "quiet", "--nologo"])
            .With("MSBUILDDISABLENODEREUSE", "1").With("DOTNET_CLI_TELEMETRY_OPTOUT", "1");
        await using var publishing = ChildProcess.Start(start, "dotnet publish");
        if (await publishing.ExitAsync(TimeSpan.FromMinutes(5)) != 0)
            throw publishing.Failure($"ended with {publishing.ExitCode}");
        if (!OperatingSystem.IsWindows())
            Shell.Run("chmod", "-R", "a+rX", root.Root);
        return folder;
    }

    /// <summary>A copy that may be damaged.</summary>
    public string CopyTo(TempFolder where)
    {
        Shell.Run("cp", "-a", Folder, where.File("copy"));
        return where.File("copy");
    }

    /// <summary>Runs it to its end; what cannot start must say so within the limit.</summary>
    public static async Task<Ran> RunAsync(ChildStart start)
    {
        await using var process = ChildProcess.Start(start, "hub");
        var code = await process.ExitAsync(Site.Patience);
        return new Ran(code, string.Join('\n', process.StandardOutput), string.Join('\n', process.StandardError));
    }

    /// <summary>One line on standard error and no stack trace anywhere.</summary>
    public static void AssertOneLine(int code, string word, Ran ran)
    {
        var all = $"exit {ran.ExitCode}\n{ran.Output}\n{ran.Error}";
        Assert.True(ran.ExitCode == code, all);
        Assert.True(!ran.Error.Contains('\n', StringComparison.Ordinal) && ran.Error.Length > 0, all);
        Assert.Contains(word, ran.Error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", all, StringComparison.Ordinal);
        Assert.DoesNotContain("fail:", ran.Output, StringComparison.Ordinal);
    }

    public Task DisposeAsync() => Task.CompletedTask;
}
