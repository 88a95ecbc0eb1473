using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Product;

/// <summary>A real nginx or Caddy with one of the samples in docs/proxy: only names, ports, certificate and log folder are replaced.</summary>
public sealed class ProxyProcess : IAsyncDisposable
{
    private static readonly string[] Hosts = ["hub.example", "soc.example"];
    private readonly TempFolder folder = new("proxy");
    private readonly ChildProcess process;

    private ProxyProcess(string sample, int port, Uri hub, Func<string, string>? change)
    {
        Url = new Uri($"https://localhost:{port}");
        Certificate = folder.File("proxy.pem");
        MakeCertificate(Certificate, folder.File("proxy.key"));
        var text = SourceTree.Read("docs/proxy/" + sample);
        var isNginx = sample.StartsWith("nginx", StringComparison.Ordinal);
        text = Replace(text, "127.0.0.1:8080", hub.Authority);
        text = Replace(text, isNginx ? "listen 443 ssl" : ":443", isNginx ? $"listen 127.0.0.1:{port} ssl" : $":{port}");
        text = Regex.Replace(Regex.Replace(text, @"/etc/ssl/voltaxe/\w+\.example\.pem", Certificate), @"/etc/ssl/voltaxe/\w+\.example\.key", folder.File("proxy.key"));
        text = Hosts.Aggregate(text, (t, host) => t.Replace(host, "localhost", StringComparison.Ordinal));
        text = isNginx ? Replace(text, "/var/log/nginx", folder.Root) : "{\n\tadmin off\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1\n}\n" + text;
        if (change is not null)
            text = change(text) is var changed && changed != text ? changed : throw new ArgumentException("nothing was changed", nameof(change));
        var file = folder.File("proxy.conf");
        File.WriteAllText(file, text);
        var start = isNginx
            ? new ChildStart("nginx", ["-p", folder.Root, "-c", file, "-e", folder.File("error.log"), "-g", $"daemon off; pid {folder.File("nginx.pid")};"])
            : new ChildStart("caddy", ["run", "--config", file, "--adapter", "caddyfile"]).With("XDG_DATA_HOME", folder.Root).With("XDG_CONFIG_HOME", folder.Root);
        process = ChildProcess.Start(start with { WorkingDirectory = folder.Root }, isNginx ? "nginx" : "caddy");
    }

    /// <summary>Where browsers and agents come.</summary>
    public Uri Url { get; }

    /// <summary>Self-signed, for localhost.</summary>
    public string Certificate { get; }

    /// <param name="sample">A file of docs/proxy.</param>
    /// <param name="port">Where it listens on 127.0.0.1.</param>
    /// <param name="hub">Where it sends what it gets.</param>
    /// <param name="change">To the sample, for a proxy that somebody set up wrongly.</param>
    public static async Task<ProxyProcess> StartAsync(string sample, int port, Uri hub, Func<string, string>? change = null)
    {
        var proxy = new ProxyProcess(sample, port, hub, change);
        try
        {
            await Eventually.TrueAsync(() => proxy.AnswersAsync(), Site.Patience, sample + " answers");
            return proxy;
        }
        catch
        {
            await proxy.DisposeAsync();
            throw;
        }
    }

    /// <summary>A browser's half that comes from an address of its own, follows no redirect and believes the certificate.</summary>
    public HttpClient NewClient(CookieContainer jar, IPAddress from) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        CookieContainer = jar,
        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => IsOurs(certificate) },
        ConnectCallback = async (context, ct) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(from, 0));
            await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = Url };

    public bool IsOurs(X509Certificate? certificate) => certificate is not null && certificate.GetCertHashString() == X509CertificateLoader.LoadCertificateFromFile(Certificate).GetCertHashString();

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            await process.StopAsync(Site.Patience);
        await process.DisposeAsync();
        folder.Dispose();
    }

    private async Task<bool> AnswersAsync()
    {
        if (process.HasExited)
            throw process.Failure("ended");
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, Url.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string Replace(string text, string what, string by) =>
        text.Contains(what, StringComparison.Ordinal) ? text.Replace(what, by, StringComparison.Ordinal) : throw new ArgumentException($"the sample has no '{what}'");

    private static void MakeCertificate(string certificate, string keyFile)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(certificate, made.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
    }
}
