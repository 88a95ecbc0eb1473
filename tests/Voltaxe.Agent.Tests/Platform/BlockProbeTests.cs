using System.Net;
using System.Net.Sockets;
using Voltaxe.Agent.Platform.Rules;

namespace Voltaxe.Agent.Tests.Platform;

public sealed class BlockProbeTests
{
    [Fact]
    public async Task A_family_that_is_switched_off_is_no_way_out_and_no_fault()
    {
        var probe = new BlockProbe(_ => throw new SocketException((int)SocketError.AddressFamilyNotSupported));
        Assert.Equal(BlockProbe.Answer.NoWay, await probe.TryAsync(new IPEndPoint(IPAddress.IPv6Loopback, 1), TimeProvider.System, default));
    }
}
