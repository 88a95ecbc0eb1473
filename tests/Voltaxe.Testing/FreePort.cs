using System.Net;
using System.Net.Sockets;

namespace Voltaxe.Testing;

/// <summary>
/// A port that was free a moment ago. Only for servers that must be given a number, or must come back on the same one;
/// where a server can bind port 0 and say what it got, do that.
/// </summary>
public static class FreePort
{
    public static int Next(IPAddress? address = null)
    {
        using var listener = new TcpListener(address ?? IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
