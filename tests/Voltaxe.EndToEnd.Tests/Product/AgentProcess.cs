using Voltaxe.Testing;
using Voltaxe.Testing.Network;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Product;

/// <summary><c>Voltaxe.Agent</c> as a real process with its own state folder, here or on a host of a segment.</summary>
public sealed class AgentProcess : IAsyncDisposable
{
    private static readonly TimeSpan EnrolLimit = TimeSpan.FromSeconds(60);
    private readonly NetNamespace? host;
    private readonly bool dryRun;
    private readonly IReadOnlyDictionary<string, string?> always;
    private ChildProcess? process;
    private DiskSteps? steps;

    private AgentProcess(string name, string stateFolder, NetNamespace? host, bool dryRun, IReadOnlyDictionary<string, string?>? always = null)
    {
        this.always = always ?? new Dictionary<string, string?>();
        Name = name;
        StateFolder = stateFolder;
        this.host = host;
        this.dryRun = dryRun;
    }

    public string Name { get; }
    public string StateFolder { get; }
    public ChildProcess Process => process ?? throw new InvalidOperationException($"agent {Name} is not running");
    public bool IsRunning => process is { HasExited: false };

    /// <summary>Enrols, with a token from the hub's command line unless one is given; does not run yet. Without a host of its own it is <c>--dry-run</c>: no test isolates this machine.</summary>
    public static async Task<AgentProcess> EnrolAsync(HubProcess hub, string name, string stateFolder, NetNamespace? host = null, bool dryRun = true, string? token = null) =>
        await EnrolAsync(hub.Url, token ?? await hub.EnrolmentTokenAsync(), name, stateFolder, host, dryRun);

    /// <summary>Enrols with whatever answers there as a hub, at that path. <paramref name="always"/> is in the environment of all its programs.</summary>
    public static async Task<AgentProcess> EnrolAsync(Uri hub, string token, string name, string stateFolder, NetNamespace? host = null, bool dryRun = true,
        IReadOnlyDictionary<string, string?>? always = null)
    {
        if (host is null && !dryRun)
            throw new ArgumentException("An agent that acts for real needs a network namespace of its own.", nameof(dryRun));
        var agent = new AgentProcess(name, stateFolder, host, dryRun, always);
        await using var enrol = ChildProcess.Start(agent.Program("enroll", "--hub", hub.AbsoluteUri.TrimEnd('/'), "--token", token, "--name", name, "--state", stateFolder), "agent enroll");
        if (await enrol.ExitAsync(EnrolLimit) != 0)
            throw enrol.Failure($"ended with {enrol.ExitCode}");
        return agent;
    }

    /// <summary>An agent whose state folder somebody has filled otherwise: a copy, a snapshot.</summary>
    public static AgentProcess On(string stateFolder, string name) => new(name, stateFolder, null, dryRun: true);

    /// <summary>Enrols and runs.</summary>
    public static async Task<AgentProcess> StartAsync(HubProcess hub, string name, string stateFolder, NetNamespace? host = null, bool dryRun = true, string? token = null)
    {
        var agent = await EnrolAsync(hub, name, stateFolder, host, dryRun, token);
        agent.Start();
        return agent;
    }

    /// <summary><paramref name="under"/> may wrap it: <c>start =&gt; start.WithFault("fdatasync:signal=KILL:when=3", …)</c>.</summary>
    public void Start(Func<ChildStart, ChildStart>? under = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        if (IsRunning)
            throw new InvalidOperationException($"agent {Name} runs already");
        var start = Program(["run", "--state", StateFolder, .. dryRun ? ["--dry-run"] : Array.Empty<string>()]);
        foreach (var (variable, value) in environment ?? new Dictionary<string, string?>())
            start = start.With(variable, value);
        process = ChildProcess.Start(under is null ? start : under(start), "agent " + Name);
    }

    /// <summary>Runs, and stands still after every sync of its disk: for <see cref="KillWhenAsync"/>.</summary>
    public void StartInSteps()
    {
        var trace = Path.Combine(StateFolder, "..", $"{Name}-{Guid.CreateVersion7():N}.trace");
        steps = new DiskSteps(trace);
        Start(steps.Around);
    }

    /// <summary>
    /// Lets it go until it has synced so many times, from the sync with which <paramref name="begun"/> holds, then SIGKILLs it where it
    /// stands. False: it was <paramref name="over"/> before, and runs no more.
    /// </summary>
    public async Task<bool> KillAtStepAsync(int step, Func<bool> begun, Func<bool> over, string what)
    {
        int? first = null;
        var ended = false;
        await KillWhenAsync(() =>
        {
            if (begun())
                first ??= steps!.Passed;
            ended = over();
            return ended || steps!.Stands && steps.Passed - first >= step - 1;
        }, what);
        return !ended;
    }

    /// <summary>Lets it go step by step until <paramref name="there"/>, then SIGKILLs it.</summary>
    public async Task KillWhenAsync(Func<bool> there, string what)
    {
        await (steps ?? throw new InvalidOperationException($"agent {Name} does not go in steps")).UntilAsync(Process, there, what, Site.Patience);
        await KillAsync();
    }

    public async Task KillAsync()
    {
        await Process.KillAsync();
        await Process.DisposeAsync();
        (process, steps) = (null, null);
    }

    public async Task StopAsync()
    {
        await Process.StopAsync(EnrolLimit);
        await Process.DisposeAsync();
        process = null;
    }

    /// <summary>
    /// What a dry run would have done to the host, one line an effect, in order: written outside the journal, and read here by
    /// the test, so that "once" is judged by what happened and not by what was reported.
    /// </summary>
    public IReadOnlyList<string> Effects()
    {
        var log = Path.Combine(StateFolder, "effects.log");
        return File.Exists(log) ? File.ReadAllLines(log) : [];
    }

    /// <summary>How often a dry run carried this one out.</summary>
    public int EffectsOf(Guid uid) => Effects().Count(line => line.Contains(uid.ToString(), StringComparison.Ordinal));

    /// <summary>What lies in the folder for archives that the hub has not got yet.</summary>
    public IReadOnlyList<string> Evidence()
    {
        var locker = Path.Combine(StateFolder, "evidence");
        return Directory.Exists(locker) ? Directory.GetFiles(locker) : [];
    }

    /// <summary>A command line of the agent where this agent lives, not yet started.</summary>
    public ChildStart Program(params string[] arguments)
    {
        var start = ChildStart.DotNet(SourceTree.Built("Voltaxe.Agent"), arguments) with { WorkingDirectory = StateFolder };
        start = start.With("VOLTAXE_NOTICE", "false");
        foreach (var (variable, value) in always)
            start = start.With(variable, value);
        return host is null ? start : host.Inside(start);
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
            await process.DisposeAsync();
    }
}
