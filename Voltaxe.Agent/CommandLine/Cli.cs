using System.CommandLine;
using Voltaxe.Agent.Configuration;

namespace Voltaxe.Agent.CommandLine;

/// <summary>What the agent can be told on its command line.</summary>
public static class Cli
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);

    public static async Task<int> InvokeAsync(string[] args)
    {
        var parsed = Make().Parse(args, new ParserConfiguration { EnablePosixBundling = false });
        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = StopPatience });
    }

    internal static RootCommand Make()
    {
        var state = new Option<string?>("--state") { Description = "The state folder.", HelpName = "DIR", Recursive = true };
        var config = new Option<string?>("-config", "--config") { Description = "The configuration file (agent.conf).", HelpName = "FILE", Recursive = true };
        var api = new Option<string?>("-api", "--api") { Description = "The hub, or several separated by commas.", HelpName = "URL", Recursive = true };
        var name = new Option<string?>("--name") { Description = "The host name to go by.", HelpName = "HOST", Recursive = true };
        var dryRun = new Option<bool>("--dry-run") { Description = "Pretend: report effects, and do none." };
        var hub = new Option<string>("--hub") { Description = "The hub, or several separated by commas.", HelpName = "URL", Required = true };
        var token = new Option<string>("--token") { Description = "The enrolment token.", HelpName = "T", Required = true };

        Flags Read(ParseResult parsed, bool mayDryRun) => new()
        {
            State = parsed.GetValue(state),
            Config = parsed.GetValue(config),
            Api = parsed.GetValue(api),
            Name = parsed.GetValue(name),
            DryRun = mayDryRun && parsed.GetValue(dryRun),
        };

        var root = new RootCommand("Voltaxe agent: carries out on this host what its hub has signed.") { state, config, api, name, dryRun };
        root.SetAction((parsed, ct) => WithSettings(Read(parsed, true), s => RunAgent.InvokeAsync(s, ct)));

        var run = new Command("run", "Run the agent (the default).") { dryRun };
        run.SetAction((parsed, ct) => WithSettings(Read(parsed, true), s => RunAgent.InvokeAsync(s, ct)));

        var enroll = new Command("enroll", "Make this host known to a hub.") { hub, token };
        enroll.SetAction((parsed, ct) => WithSettings(Read(parsed, false) with { Api = parsed.GetValue(hub) },
            s => EnrolAgent.InvokeAsync(s, parsed.GetValue(token)!, ct), "-api", "--hub"));

        var status = new Command("status", "Show enrolment, last sync, isolation and open commands, from the state folder.");
        status.SetAction((parsed, _) => WithSettings(Read(parsed, false), s => Task.FromResult(ShowStatus.Invoke(s, Console.Out))));

        var check = new Command("check", "Check everything that the agent needs, line by line.") { dryRun };
        check.SetAction((parsed, ct) => WithSettings(Read(parsed, true), s => CheckAgent.InvokeAsync(s, Console.Out, ct)));

        var code = new Option<string>("--code") { Description = "The release code, as the hub printed it.", HelpName = "C", Required = true };
        var release = new Command("release", "End the isolation of this host without the hub, with a code that the hub made for it.") { code, dryRun };
        release.SetAction((parsed, ct) => WithSettings(Read(parsed, true), s => ReleaseAgent.InvokeAsync(s, parsed.GetValue(code)!, ct)));

        var remove = new Option<bool>("--remove") { Description = "Take them away instead, and what would put them back." };
        var rules = new Command("rules", "Put the rules of an isolation that should stand back, before the network is used; what the service's own unit runs.") { remove };
        rules.SetAction((parsed, ct) => WithSettings(Read(parsed, false), s => PutRulesBack.InvokeAsync(s, parsed.GetValue(remove), ct)));

        var target = new Option<string>("--root") { Description = "Another root than this system's: only files are written.", HelpName = "DIR", DefaultValueFactory = _ => "/" };
        var install = new Command("install", "Install this agent as a systemd service.") { target };
        install.SetAction((parsed, ct) => InstallService.InstallAsync(parsed.GetValue(target)!, ct));
        var force = new Option<bool>("--force") { Description = "Even when this host is isolated: its isolation is taken away." };
        var uninstall = new Command("uninstall", "Take the systemd service away. What it knows stays in the state folder.") { target, force };
        uninstall.SetAction((parsed, ct) => InstallService.UninstallAsync(parsed.GetValue(target)!, parsed.GetValue(force), ct));

        foreach (var command in (Command[])[run, enroll, status, check, release, rules, install, uninstall])
            root.Subcommands.Add(command);
        return root;
    }

    private static async Task<int> WithSettings(Flags flags, Func<AgentSettings, Task<int>> act, string? called = null, string? nowCalled = null)
    {
        var (settings, faults) = AgentSettings.Load(flags, Environment.GetEnvironmentVariable);
        foreach (var fault in faults)
            await Console.Error.WriteLineAsync(called is null ? fault : fault.Replace(called, nowCalled, StringComparison.Ordinal));
        return settings is null ? ExitCodes.Usage : await act(settings);
    }
}
