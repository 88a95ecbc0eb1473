using System.Net;
using System.Text.RegularExpressions;
using Voltaxe.Testing;
using Voltaxe.Testing.Network;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Product;

/// <summary>
/// <c>Voltaxe.Hub serve</c> as a real process with its own data folder. After a stop or a kill it comes back on the same address
/// with the same data, as a service does.
/// </summary>
public sealed partial class HubProcess : IAsyncDisposable
{
    /// <summary>Among the settings: where to listen instead.</summary>
    public const string UrlsVariable = "ASPNETCORE_URLS";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private readonly string dataFolder;
    private readonly NetNamespace? host;
    private readonly Dictionary<string, string?> settings;
    private string urls;
    private ChildProcess? process;
    private HttpClient? http;

    private HubProcess(string dataFolder, string? database, NetNamespace? host, IReadOnlyDictionary<string, string?>? extra)
    {
        this.dataFolder = dataFolder;
        this.host = host;
        urls = extra?.GetValueOrDefault(UrlsVariable) ?? $"http://{host?.V4 ?? IPAddress.Loopback}:{(host is null ? 0 : 8080)}";
        settings = new(extra ?? new Dictionary<string, string?>())
        {
            ["Voltaxe__DataDirectory"] = dataFolder,
            ["ConnectionStrings__Voltaxe"] = database,
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        };
    }

    /// <summary>Where it listens; known once it has started.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>Speaks to it from where it runs, without a credential.</summary>
    public HttpClient Http => http ??= host?.NewHttpClient(Url) ?? new HttpClient { BaseAddress = Url };

    public ChildProcess Process => process ?? throw new InvalidOperationException("the hub is not running");

    /// <param name="dataFolder">Kept by the caller, who decides whether another hub finds it.</param>
    /// <param name="database">A connection string; null is SQLite in the data folder.</param>
    /// <param name="host">Where to run; null is this machine, on a port that the hub picks at its first start.</param>
    /// <param name="settings">More environment: <c>Voltaxe__Legacy__TokenInPath</c>.</param>
    public static async Task<HubProcess> StartAsync(string dataFolder, string? database = null, NetNamespace? host = null, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var hub = new HubProcess(dataFolder, database, host, settings);
        await hub.StartAsync();
        return hub;
    }

    /// <summary>Starts it again. <paramref name="under"/> may wrap it: <c>start =&gt; start.WithFault(…)</c>.</summary>
    public async Task StartAsync(Func<ChildStart, ChildStart>? under = null)
    {
        var start = Program("serve", "--urls", urls);
        process = ChildProcess.Start(under is null ? start : under(start), "hub");
        try
        {
            Url = new Uri((await process.WaitForLineAsync(Listening(), StartLimit)).Groups["url"].Value);
            urls = Url.GetLeftPart(UriPartial.Authority);
            await Eventually.TrueAsync(IsReadyAsync, StartLimit);
        }
        catch (Exception)
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public async Task KillAsync()
    {
        await Process.KillAsync();
        await Process.DisposeAsync();
        process = null;
    }

    public async Task StopAsync()
    {
        await Process.StopAsync(StartLimit);
        await Process.DisposeAsync();
        process = null;
    }

    /// <summary>Whether <c>/readyz</c> says that the database is writable and migrated.</summary>
    public async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await Http.GetAsync("/readyz");
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>An operator with a token made on the hub's command line.</summary>
    public async Task<OperatorApi> OperatorAsync(string name = "ana", string role = "admin") =>
        new(host?.NewHttpClient(Url) ?? new HttpClient { BaseAddress = Url }, await ToolAsync("token", "create", "--name", name, "--role", role));

    public Task<string> EnrolmentTokenAsync(int uses = 1) =>
        ToolAsync("enroll-token", "create", "--uses", uses.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>One of the hub's other command lines, beside the running hub. Gives standard output, which must be one line alone.</summary>
    public async Task<string> ToolAsync(params string[] arguments)
    {
        await using var tool = ChildProcess.Start(Program(arguments), "hub " + arguments[0]);
        if (await tool.ExitAsync(StartLimit) != 0)
            throw tool.Failure($"ended with {tool.ExitCode}");
        return tool.StandardOutput is [var line] ? line : throw tool.Failure("did not print one line alone on standard output");
    }

    /// <summary>A command line of the hub with this hub's settings, not yet started.</summary>
    public ChildStart Program(params string[] arguments)
    {
        var start = ChildStart.DotNet(SourceTree.Built("Voltaxe.Hub"), arguments) with { Environment = settings, WorkingDirectory = dataFolder };
        return host is null ? start : host.Inside(start);
    }

    public async ValueTask DisposeAsync()
    {
        http?.Dispose();
        if (process is not null)
            await process.DisposeAsync();
    }

    [GeneratedRegex(@"Now listening on: (?<url>http://\S+)")]
    private static partial Regex Listening();
}
