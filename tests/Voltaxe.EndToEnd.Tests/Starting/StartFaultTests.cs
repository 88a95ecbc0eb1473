using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Starting;

/// <summary>Acceptance 41: where it cannot work, it says why in one line and ends with the fitting code.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class StartFaultTests : IDisposable
{
    private readonly TempFolder folder = new("start");

    public void Dispose() => folder.Dispose();

    /// <summary>So small that it is the keys, the key ring or the schema that find no room.</summary>
    [NeedsTheory(Needs.Root | Needs.NetNamespaces)]
    [InlineData(16, "serve")]
    [InlineData(40, "serve")]
    [InlineData(160, "serve")]
    [InlineData(40, "token create --name ana --role viewer")]
    public async Task A_full_disk_is_named(int kibibytes, string command)
    {
        var data = folder.Folder("data");
        // In a mount namespace of its own: nothing of it stays.
        var script = $"mount -t tmpfs -o size={kibibytes.ToString(CultureInfo.InvariantCulture)}k tmpfs {Shell.Quote(data)} && exec \"$@\"";
        var start = Hub(data, command.Split(' '));
        var ran = await PublishedHub.RunAsync(start with { Program = "unshare", Arguments = ["--mount", "sh", "-c", script, "sh", Machine.Find(start.Program) ?? start.Program, .. start.Arguments] });
        PublishedHub.AssertOneLine(4, data, ran);
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces)]
    public async Task A_folder_that_can_only_be_read_is_named()
    {
        var data = folder.Folder("data");
        var script = $"mount -t tmpfs -o ro tmpfs {Shell.Quote(data)} && exec \"$@\"";
        var start = Hub(data, "serve");
        PublishedHub.AssertOneLine(4, data, await PublishedHub.RunAsync(start with { Program = "unshare", Arguments = ["--mount", "sh", "-c", script, "sh", Machine.Find(start.Program) ?? start.Program, .. start.Arguments] }));
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_folder_in_which_others_can_exchange_files_is_refused()
    {
        var data = folder.Folder("data");
        File.WriteAllText(Path.Combine(data, "somebody else's"), "");
        File.SetUnixFileMode(data, (UnixFileMode)0x1FF);
        PublishedHub.AssertOneLine(3, data, await PublishedHub.RunAsync(Hub(data, "serve")));
        Assert.Equal((UnixFileMode)0x1FF, File.GetUnixFileMode(data));
    }

    [NeedsTheory(Needs.Linux)]
    [InlineData("seal.key")]
    [InlineData("command.pem")]
    [InlineData("hub-id")]
    public async Task A_damaged_key_is_named_and_never_replaced(string key)
    {
        var data = folder.Folder("data");
        Assert.Equal(0, (await PublishedHub.RunAsync(Hub(data, "token", "create", "--name", "ana", "--role", "viewer"))).ExitCode);
        var file = Path.Combine(data, "keys", key);
        File.WriteAllText(file, "");
        PublishedHub.AssertOneLine(4, file, await PublishedHub.RunAsync(Hub(data, "serve")));
        Assert.Equal(0, new FileInfo(file).Length);
    }

    [Fact]
    public async Task A_database_that_is_none_is_named()
    {
        var data = folder.Folder("data");
        File.WriteAllText(Path.Combine(data, "voltaxe.db"), new string('x', 10_000));
        PublishedHub.AssertOneLine(4, Path.Combine(data, "voltaxe.db"), await PublishedHub.RunAsync(Hub(data, "serve")));
    }

    [Fact]
    public async Task A_database_server_that_does_not_answer_is_named()
    {
        var port = FreePort.Next();
        var start = Hub(folder.Folder("data"), "serve").With("ConnectionStrings__Voltaxe", $"Host=127.0.0.1;Port={port};Database=x;Username=x;Timeout=5");
        PublishedHub.AssertOneLine(6, $"127.0.0.1:{port}", await PublishedHub.RunAsync(start));
    }

    [Theory]
    [InlineData("http://127.0.0.1:PORT", "PORT")]
    [InlineData("http://192.0.2.77:PORT", "192.0.2.77")]
    public async Task An_address_that_it_cannot_have_is_named(string url, string word)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        var ran = await PublishedHub.RunAsync(Hub(folder.Folder("data"), "serve", "--urls", url.Replace("PORT", port, StringComparison.Ordinal)));
        PublishedHub.AssertOneLine(4, word.Replace("PORT", port, StringComparison.Ordinal), ran);
    }

    private static ChildStart Hub(string data, params string[] arguments) =>
        ChildStart.DotNet(SourceTree.Built("Voltaxe.Hub"), arguments).With("Voltaxe__DataDirectory", data).With("ASPNETCORE_URLS", "http://127.0.0.1:0") with { WorkingDirectory = Path.GetTempPath() };
}
