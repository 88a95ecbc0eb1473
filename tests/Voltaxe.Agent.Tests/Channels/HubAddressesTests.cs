using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Voltaxe.Agent.Channels;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Channels;

public sealed class HubAddressesTests
{
    [Fact]
    public async Task A_silent_address_does_not_use_up_the_time_of_the_others()
    {
        await using var hub = await TestHub.StartAsync();
        // Nobody answers there, and nobody refuses: the kernel drops what comes to a listener whose queue is full.
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.8"), hub.Url.Port));
        silent.Listen(0);
        using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await first.ConnectAsync(silent.LocalEndPoint!);
        var addresses = new HubAddresses([hub.Url]);
        addresses.Pin(new Dictionary<string, string[]> { [$"hub.example:{hub.Url.Port}"] = ["127.0.0.8", "127.0.0.1"] });
        using var http = HubChannels.MakeClient(addresses);
        Assert.Equal("ok", await http.GetStringAsync(new Uri($"http://hub.example:{hub.Url.Port}/healthz")));
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_any_more_is_reached_where_it_last_answered_after_a_restart_too()
    {
        await using var hub = await TestHub.StartAsync();
        using var folder = new TempFolder("addresses");
        AnsweredAddresses Known() => new(folder.File("hub-addresses.json"), NullLogger<AnsweredAddresses>.Instance);
        var named = new Uri($"http://localhost:{hub.Url.Port}");
        var addresses = new HubAddresses([named], Known());
        using (var http = HubChannels.MakeClient(addresses))
            Assert.Equal("ok", await http.GetStringAsync(new Uri(named, "healthz")));
        // It accepted a connection; only that it answered makes it an address to come back to.
        Assert.False(File.Exists(folder.File("hub-addresses.json")));
        addresses.Answered(named);
        // As if the name were gone: the same answer, under a name that nobody resolves.
        var text = await File.ReadAllTextAsync(folder.File("hub-addresses.json"));
        await File.WriteAllTextAsync(folder.File("hub-addresses.json"), text.Replace("localhost", "hub.invalid", StringComparison.Ordinal));

        var gone = new Uri($"http://hub.invalid:{hub.Url.Port}");
        var later = new HubAddresses([gone], Known());
        Assert.Equal([hub.Url.Port], later.EndPoints(await later.ResolveAsync(default)).Select(e => e.Port).Distinct());
        using var again = HubChannels.MakeClient(later);
        Assert.Equal("ok", await again.GetStringAsync(new Uri(gone, "healthz")));
    }

    [Fact]
    public async Task An_address_that_accepts_and_never_answers_does_not_keep_the_agent_from_the_one_that_does()
    {
        await using var hub = await TestHub.StartAsync();
        using var folder = new TempFolder("addresses");
        using var other = new TcpListener(IPAddress.Parse("127.0.0.7"), hub.Url.Port);
        other.Start();
        var accepting = Task.Run(async () =>
        {
            while (true)
                (await other.AcceptSocketAsync()).Dispose();
        });
        var path = folder.File("hub-addresses.json");
        await File.WriteAllTextAsync(path, $$"""{"hub.invalid:{{hub.Url.Port}}":["127.0.0.7","127.0.0.1"]}""");
        var named = new Uri($"http://hub.invalid:{hub.Url.Port}");
        using var http = HubChannels.MakeClient(new HubAddresses([named], new AnsweredAddresses(path, NullLogger<AnsweredAddresses>.Instance)));
        Assert.Equal("ok", await http.GetStringAsync(new Uri(named, "healthz")));
        other.Stop();
        await Assert.ThrowsAnyAsync<Exception>(() => accepting);
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("""{"hub.invalid:1":["nowhere"]}""")]
    [InlineData("""{"hub.invalid:1":null}""")]
    public async Task What_cannot_be_read_of_the_known_addresses_is_left_out(string text)
    {
        using var folder = new TempFolder("addresses");
        await File.WriteAllTextAsync(folder.File("a.json"), text);
        Assert.Empty(new AnsweredAddresses(folder.File("a.json"), NullLogger<AnsweredAddresses>.Instance).Of("hub.invalid:1"));
    }

    [Fact]
    public async Task Where_the_pinned_address_does_not_answer_the_name_is_asked_for_after_all()
    {
        await using var hub = await TestHub.StartAsync();
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.9"), hub.Url.Port));
        var addresses = new HubAddresses([hub.Url]);
        addresses.Pin(new Dictionary<string, string[]> { [$"localhost:{hub.Url.Port}"] = ["127.0.0.9"] });
        using var http = HubChannels.MakeClient(addresses);
        Assert.Equal("ok", await http.GetStringAsync(new Uri($"http://localhost:{hub.Url.Port}/healthz")));
    }
}
