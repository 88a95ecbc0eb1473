using System.Net;
using System.Net.Sockets;
using Voltaxe.Agent.Channels;

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
