using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Voltaxe.Hub.Demo;

/// <summary>Something on the network that a demo host can reach, until it is isolated: greets and hangs up.</summary>
public sealed class CanaryPort : IDisposable
{
    private readonly TcpListener listener;

    public CanaryPort(string address)
    {
        listener = new TcpListener(IPAddress.Parse(address), 0);
        listener.Start();
        Address = listener.LocalEndpoint.ToString()!;
        _ = ServeAsync();
    }

    public string Address { get; }

    public void Dispose() => listener.Dispose();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("still reachable\n"));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // Disposed, or the visitor left early; the demo ends or the next visitor comes.
            if (listener.Server.IsBound)
                _ = ServeAsync();
        }
    }
}
