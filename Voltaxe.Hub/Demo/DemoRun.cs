using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using MediatR;
using Microsoft.AspNetCore.Identity;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Accounts;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Demo;

/// <summary>
/// <c>demo</c>: hub and dashboard with three real agents, in a folder of their own. As root on Linux each agent lives in its own
/// network namespace, so that isolation is real and seen; elsewhere the agents run dry. Everything that it made is gone afterwards.
/// </summary>
public sealed class DemoRun(TextWriter say)
{
    private const int Agents = 3;
    private static readonly string AgentProgram = Path.Combine(AppContext.BaseDirectory, "agent", "Voltaxe.Agent.dll");
    private static readonly Caller Self = new("demo", Role.Admin);

    /// <param name="port">Where the dashboard is; the agents use the same port on their wires.</param>
    /// <param name="ct">Ctrl+C.</param>
    public async Task RunAsync(int port, CancellationToken ct)
    {
        if (!File.Exists(AgentProgram))
            throw new HubStartException(StartFault.Failed, $"The demo runs real agents, and {AgentProgram} is missing. Run it from a build: dotnet run --project Voltaxe.Hub -- demo");
        var folder = Directory.CreateTempSubdirectory("voltaxe-demo-");
        var made = new ConcurrentStack<IDisposable>();
        try
        {
            var networks = await NetworksAsync(made, ct);
            string[] urls = [$"http://127.0.0.1:{port}", .. networks.Select(n => $"http://{n.HubAddress}:{port}")];
            await using var app = HubApplication.Build([], builder =>
            {
                builder.Configuration["urls"] = string.Join(';', urls);
                builder.Configuration["Voltaxe:DataDirectory"] = folder.FullName;
                builder.Configuration["ConnectionStrings:Voltaxe"] = $"Data Source={Path.Combine(folder.FullName, "voltaxe.db")}";
                builder.Configuration["Logging:LogLevel:Default"] = "Warning";
            });
            await app.PrepareAsync(ct);
            var link = await SignInLinkAsync(app.Services, urls[0], ct);
            await app.StartAsync(ct);
            await say.WriteLineAsync("Starting three agents …");
            await Task.WhenAll(Enumerable.Range(0, Agents).Select(i => StartAgentAsync(app.Services, i, networks.ElementAtOrDefault(i), folder.FullName, urls, made, ct)));
            await ExplainAsync(link, networks.Count > 0, urls[0]);
            await Task.Delay(Timeout.InfiniteTimeSpan, app.Services.GetRequiredService<TimeProvider>(), ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await say.WriteLineAsync("Removing what the demo made …");
        }
        finally
        {
            while (made.TryPop(out var thing))
                thing.Dispose();
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            folder.Delete(recursive: true);
        }
    }

    private async Task<IReadOnlyList<DemoNetwork>> NetworksAsync(ConcurrentStack<IDisposable> made, CancellationToken ct)
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
        {
            await say.WriteLineAsync("Not root on Linux: the agents run with --dry-run. They do everything but the last step; nothing is isolated.");
            return [];
        }
        try
        {
            if (!await DemoPrograms.HaveFirewallAsync(say, ct))
                throw new InvalidOperationException("nftables or iproute2 is missing and could not be installed");
            await DemoNetwork.RemoveStaleAsync(ct);
            var networks = new List<DemoNetwork>();
            for (var i = 0; i < Agents; i++)
            {
                networks.Add(await DemoNetwork.CreateAsync(i, ct));
                made.Push(networks[^1]);
            }
            await say.WriteLineAsync("Root on Linux: each agent has a network namespace of its own. Isolation is real there, and stays there.");
            return networks;
        }
        catch (InvalidOperationException e)
        {
            while (made.TryPop(out var network))
                network.Dispose();
            await say.WriteLineAsync($"No network namespaces ({e.Message}): the agents run with --dry-run; nothing is isolated.");
            return [];
        }
    }

    private async Task StartAgentAsync(IServiceProvider services, int index, DemoNetwork? network, string folder, string[] urls, ConcurrentStack<IDisposable> made, CancellationToken ct)
    {
        await using var scope = services.CreateAsyncScope();
        var token = (await scope.ServiceProvider.GetRequiredService<IMediator>().Send(
            new CreateEnrolmentToken.Request(new NewEnrolmentToken(1, 600, null), Self), ct)).Value.Token;
        CanaryPort? canary = null;
        if (network is not null)
            made.Push(canary = new CanaryPort(network.HubAddress));
        var name = "demo-laptop-" + (index + 1).ToString(CultureInfo.InvariantCulture);
        var agent = new DemoAgent(name, Path.Combine(folder, name), AgentProgram,
            network, network is null ? urls[0] : urls[index + 1], canary?.Address, say);
        made.Push(agent);
        await agent.StartAsync(token, ct);
    }

    /// <summary>A user whose password nobody knows: the link is the only way in.</summary>
    private static async Task<string> SignInLinkAsync(IServiceProvider services, string url, CancellationToken ct)
    {
        await using var scope = services.CreateAsyncScope();
        var seals = scope.ServiceProvider.GetRequiredService<UserSeals>();
        var hasher = scope.ServiceProvider.GetRequiredService<IPasswordHasher<HubUser>>();
        var token = await scope.ServiceProvider.GetRequiredService<HubStore>().WriteAsync((write, _) =>
        {
            var user = Users.New("demo", Role.Admin, seals);
            user.PasswordHash = hasher.HashPassword(user, Convert.ToHexString(RandomNumberGenerator.GetBytes(32)));
            write.Db.Users.Add(user);
            return Task.FromResult(OneTimeLink.Give(user, seals, write.Now));
        }, ct);
        return OneTimeLink.Url(url, token, setup: false);
    }

    private async Task ExplainAsync(string link, bool isReal, string url)
    {
        await say.WriteLineAsync($"""

            Voltaxe is at {url}

              1. Sign in (once):  {link}
              2. Open the Fleet page, choose demo-laptop-1, press Isolate, give a reason and confirm.
              3. The badge turns to Isolated when the host itself says so{(isReal ? ", and the canary below falls silent" : "; with --dry-run nothing is really cut off")}.
              4. Restore it{(isReal ? ": the canary is reached again" : "")}. Then try Kill and Collect forensics on the host's page.

            Ctrl+C removes everything that the demo made.

            """);
    }
}
