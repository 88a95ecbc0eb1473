using Voltaxe.Testing;
using Voltaxe.Testing.Network;
using Voltaxe.Testing.Wire;

namespace Voltaxe.EndToEnd.Tests.Product;

/// <summary>A hub on SQLite, an administrator with a token, and as many agents as a test needs; everything in one folder that goes at the end.</summary>
public sealed class Site : IAsyncDisposable
{
    /// <summary>For what takes milliseconds on an idle machine, and must still come to pass on one that is not.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly TempFolder folder = new("site");
    private readonly List<AgentProcess> agents = [];

    private Site() { }

    public HubProcess Hub { get; private set; } = null!;
    public OperatorApi Operator { get; private set; } = null!;

    /// <summary>Where the hub keeps its database and keys.</summary>
    public string HubFolder => folder.Folder("hub");

    public static async Task<Site> StartAsync(NetNamespace? host = null, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var site = new Site();
        try
        {
            site.Hub = await HubProcess.StartAsync(site.HubFolder, host: host, settings: settings);
            site.Operator = await site.Hub.OperatorAsync();
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    /// <summary>An agent that has enrolled and does not run yet.</summary>
    public async Task<AgentProcess> EnrolAsync(string name, NetNamespace? host = null, bool dryRun = true, Uri? through = null)
    {
        var agent = await AgentProcess.EnrolAsync(through ?? Hub.Url, await Operator.EnrolmentTokenAsync(), name, folder.Folder(name), host, dryRun);
        lock (agents)
            agents.Add(agent);
        return agent;
    }

    /// <summary>An agent that the hub has heard of.</summary>
    public async Task<AgentProcess> StartAgentAsync(string name, NetNamespace? host = null, bool dryRun = true)
    {
        var agent = await EnrolAsync(name, host, dryRun);
        agent.Start();
        await LiveAsync(name);
        return agent;
    }

    /// <summary>The tests' own agent, over SignalR or by itself to be spoken for.</summary>
    public async Task<WireAgent> EnrolWireAsync(string name) => new(await WireIdentity.EnrolAsync(Hub.Http, await Operator.EnrolmentTokenAsync(), name));

    /// <summary>The same agent once more, from another folder: a second machine.</summary>
    public AgentProcess Twin(AgentProcess of, string folderName)
    {
        var twin = AgentProcess.On(folder.Folder(folderName), of.Name);
        agents.Add(twin);
        return twin;
    }

    /// <summary>A path in the site's folder.</summary>
    public string PathOf(string name) => folder.File(name);

    public Task LiveAsync(string host) => Eventually.TrueAsync(
        async () => (await Operator.AgentAsync(host)).Presence == Contracts.Operators.Presence.Live, Patience, host + " is live");

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in agents)
            await agent.DisposeAsync();
        Operator?.Dispose();
        if (Hub is not null)
            await Hub.DisposeAsync();
        folder.Dispose();
    }
}
