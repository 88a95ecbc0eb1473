using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Starting;

/// <summary>Acceptance 41: whoever runs it, under whichever umask, what it keeps is readable by nobody else.</summary>
[UnsupportedOSPlatform("windows")]
public sealed partial class PrivateDataTests(PublishedHub published) : IClassFixture<PublishedHub>, IDisposable
{
    private const UnixFileMode Closed = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly TempFolder folder = new("private");

    public void Dispose() => folder.Dispose();

    [NeedsTheory(Needs.Root)]
    [InlineData("", "000", false)]
    [InlineData("setpriv --reuid=65534 --regid=65534 --clear-groups", "000", false)]
    [InlineData("setpriv --reuid=65534 --regid=65534 --clear-groups", "022", true)]
    public async Task Folders_are_0700_and_files_0600(string user, string umask, bool existed)
    {
        File.SetUnixFileMode(folder.Root, Closed | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute);
        var home = folder.Folder("home");
        if (user.Length > 0)
            Shell.Run("chown", "65534:65534", home);
        var data = Path.Combine(home, "data");
        if (existed)
        {
            // As an older release, a careless copy or an unpacked backup left it.
            await RunToolAsync(user, umask, home, "enroll-token", "create");
            Shell.Run("chmod", "-R", "a+rwX", data);
        }
        await using var hub = ChildProcess.Start(Start(user, umask, home, "serve", "--urls", "http://127.0.0.1:0"), "hub");
        await hub.WaitForLineAsync(Started(), Site.Patience);
        await RunToolAsync(user, umask, home, "token", "create", "--name", "ana", "--role", "admin");
        var found = Directory.EnumerateFileSystemEntries(data, "*", SearchOption.AllDirectories).Append(data).ToArray();
        foreach (var name in new[] { "voltaxe.db", "voltaxe.db-wal", "keys/seal.key", "keys/command.pem", "vault" })
            Assert.Contains(Path.Combine(data, name), found);
        Assert.Contains(found, path => path.Contains("data-protection/key-", StringComparison.Ordinal));
        Assert.All(found, path => Assert.Equal(Directory.Exists(path) ? Closed : Closed & ~UnixFileMode.UserExecute, File.GetUnixFileMode(path)));
        Assert.Equal(0, await hub.StopAsync(Site.Patience));
    }

    [NeedsFact(Needs.Root)]
    public async Task What_belongs_to_another_user_is_named_and_refused()
    {
        const string nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups";
        File.SetUnixFileMode(folder.Root, Closed | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute);
        var home = folder.Folder("home");
        Shell.Run("chown", "65534:65534", home);
        await RunToolAsync(nobody, "022", home, "enroll-token", "create");
        var data = Path.Combine(home, "data");
        Shell.Run("chown", "root", Path.Combine(data, "voltaxe.db"));
        PublishedHub.AssertOneLine(4, Path.Combine(data, "voltaxe.db"), await PublishedHub.RunAsync(Start(nobody, "022", home, "serve")));
        Shell.Run("chown", "-R", "root", data);
        PublishedHub.AssertOneLine(4, data, await PublishedHub.RunAsync(Start(nobody, "022", home, "serve")));
    }

    [NeedsFact(Needs.Root)]
    public async Task Without_a_folder_for_temporary_files_it_says_so_in_one_line()
    {
        const string nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups";
        File.SetUnixFileMode(folder.Root, Closed | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute);
        var home = folder.Folder("home");
        Shell.Run("chown", "65534:65534", home);
        var closed = folder.Folder("closed");
        PublishedHub.AssertOneLine(4, "TMPDIR", await PublishedHub.RunAsync(Start(nobody, "022", home, "enroll-token", "create").With("TMPDIR", closed)));
    }

    private async Task RunToolAsync(string user, string umask, string home, params string[] arguments)
    {
        var ran = await PublishedHub.RunAsync(Start(user, umask, home, arguments));
        Assert.True(ran.ExitCode == 0, ran.Error);
    }

    private ChildStart Start(string user, string umask, string home, params string[] arguments) =>
        new ChildStart("sh", ["-c", $"umask {umask}; exec {user} \"$@\"", "sh", published.Program, .. arguments]).With("HOME", home).With("DOTNET_CLI_HOME", home).With("TMPDIR", home) with { WorkingDirectory = home };

    [GeneratedRegex("Application started")]
    private static partial Regex Started();
}
