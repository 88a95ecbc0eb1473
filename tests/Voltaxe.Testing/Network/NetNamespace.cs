using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Voltaxe.Testing.Processes;

namespace Voltaxe.Testing.Network;

/// <summary>
/// A host of its own on a <see cref="NetSegment"/>: a network namespace with one cable, an IPv4 and an IPv6 address.
/// Programs run in it by <see cref="Inside"/>, sockets of this process by <see cref="Run{T}"/>. Its firewall is its own.
/// </summary>
public sealed partial class NetNamespace : IDisposable
{
    private const int CloneNewNet = 0x40000000;
    private readonly IDisposable will;
    private IDisposable? names;
    private bool gone;

    internal NetNamespace(string name)
    {
        Name = name;
        will = LastWill.Add($"ip netns del {name}");
        Shell.Run("ip", "netns", "add", name);
        Ip("link", "set", "dev", "lo", "up");
    }

    public string Name { get; }
    public IPAddress V4 { get; internal set; } = IPAddress.None;
    public IPAddress V6 { get; internal set; } = IPAddress.IPv6None;

    /// <summary>A router's addresses on its other segment.</summary>
    public IPAddress OtherV4 { get; internal set; } = IPAddress.None;
    public IPAddress OtherV6 { get; internal set; } = IPAddress.IPv6None;

    /// <summary>The switch's end of this host's cable, for <see cref="NetSegment"/>.</summary>
    internal string? Port { get; set; }

    /// <summary>Sends by this router what is not for its own segment.</summary>
    /// <param name="other">The router stands on this host's segment with its second cable.</param>
    public void GoesBy(NetNamespace router, bool other = false)
    {
        Ip("route", "replace", "default", "via", (other ? router.OtherV4 : router.V4).ToString());
        Ip("-6", "route", "replace", "default", "via", (other ? router.OtherV6 : router.V6).ToString());
    }

    /// <summary>What names mean to programs inside, instead of this machine's /etc/hosts: this one, and no other. Before the first starts; what it says may change later.</summary>
    public void Knows(string name, params IPAddress[] addresses)
    {
        var folder = $"/etc/netns/{Name}";
        names ??= LastWill.Add($"rm -rf -- {folder}");
        Directory.CreateDirectory(folder);
        File.WriteAllLines(Path.Combine(folder, "hosts"), ["127.0.0.1 localhost", .. addresses.Select(a => $"{a} {name}")]);
    }

    /// <summary>The program, as started inside this namespace.</summary>
    public ChildStart Inside(ChildStart what) => what.Under("ip", "netns", "exec", Name);

    /// <summary>Runs a short program in it, and gives what it said. <c>Tool("nft", "list", "ruleset")</c></summary>
    public string Tool(string program, params string[] arguments) =>
        Shell.Run("ip", ["netns", "exec", Name, Machine.Find(program) ?? program, .. arguments]);

    /// <summary><c>ip -n NAME …</c></summary>
    public string Ip(params string[] arguments) => Shell.Run("ip", ["-n", Name, .. arguments]);

    /// <summary>
    /// Runs code on a thread that has entered the namespace and dies afterwards. A socket belongs for ever to the
    /// namespace in which it was made; who uses it later may be anywhere.
    /// </summary>
    public T Run<T>(Func<T> inside)
    {
        var done = new TaskCompletionSource<T>();
        var thread = new Thread(() =>
        {
            try
            {
                using (var handle = File.OpenHandle($"/run/netns/{Name}"))
                {
                    if (SetNamespace(handle, CloneNewNet) != 0)
                        throw new InvalidOperationException($"setns {Name}: error {Marshal.GetLastPInvokeError()}");
                }
                done.SetResult(inside());
            }
            catch (Exception failure)
            {
                done.SetException(failure);
            }
        }) { IsBackground = true };
        thread.Start();
        thread.Join();
        return done.Task.GetAwaiter().GetResult();
    }

    /// <summary>A TCP connection made from inside, or null when there is no answer in time or a refusal.</summary>
    public async Task<Socket?> TryConnectAsync(IPAddress to, int port, TimeSpan within)
    {
        var socket = Run(() => new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        using var patience = new CancellationTokenSource(within);
        try
        {
            await socket.ConnectAsync(to, port, patience.Token);
            return socket;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <summary>Whether a new TCP connection from inside is answered.</summary>
    public async Task<bool> CanReachAsync(IPAddress to, int port, TimeSpan? within = null)
    {
        using var socket = await TryConnectAsync(to, port, within ?? TimeSpan.FromSeconds(1));
        return socket is not null;
    }

    /// <summary>An HTTP client whose connections start inside: to speak to a hub that runs on another host of the segment.</summary>
    public HttpClient NewHttpClient(Uri baseAddress)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, ct) =>
            {
                var address = IPAddress.Parse(context.DnsEndPoint.Host);
                var socket = Run(() => new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
                try
                {
                    await socket.ConnectAsync(address, context.DnsEndPoint.Port, ct);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        return new HttpClient(handler) { BaseAddress = baseAddress };
    }

    public void Dispose()
    {
        if (gone)
            return;
        gone = true;
        Shell.Run("ip", "netns", "del", Name);
        if (names is not null)
            Directory.Delete($"/etc/netns/{Name}", recursive: true);
        names?.Dispose();
        will.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle handle, int kind);
}
