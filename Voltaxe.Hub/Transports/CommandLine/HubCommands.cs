using System.CommandLine;
using MediatR;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Accounts;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Commands;
using Voltaxe.Hub.Demo;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Transports.CommandLine;

/// <summary>The hub's command lines. Settings come as everywhere, and as <c>--Voltaxe:Name=value</c> on each of them.</summary>
public static class HubCommands
{
    /// <summary>How long a stop may take to end in order (requests, the demo's agents and networks) before it is cut short; two seconds if not said.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(60);

    public static Task<int> RunAsync(string[] args)
    {
        PrivateFiles.UseStrictUmask();
        var (own, settings) = Settings.Split(args);
        return Root(settings).Parse(own).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = StopPatience });
    }

    private static RootCommand Root(string[] settings)
    {
        var urls = new Option<string?>("--urls") { Description = $"Where to listen, as {HubApplication.DefaultUrl}; several are split by ';'." };
        var root = new RootCommand("Voltaxe: the hub. Without a command it serves.") { urls };
        var serve = new Command("serve", "Run the hub and its dashboard.") { urls };
        root.SetAction((parsed, ct) => Serving.RunAsync(parsed.GetValue(urls), settings, ct));
        serve.SetAction((parsed, ct) => Serving.RunAsync(parsed.GetValue(urls), settings, ct));
        root.Add(serve);
        root.Add(DemoCommand());
        root.Add(new Command("token", "Bearer tokens of operators.") { TokenCreate(settings) });
        root.Add(new Command("enroll-token", "Tokens that let hosts enrol.") { EnrolTokenCreate(settings) });
        root.Add(new Command("release-code", "Codes that end a host's isolation without the hub.") { ReleaseCodeCreate(settings) });
        root.Add(new Command("user", "People who sign in at the dashboard.") { UserCreate(settings) });
        return root;
    }

    private static Command DemoCommand()
    {
        var port = new Option<int>("--port") { DefaultValueFactory = _ => 8080, Description = "Where the dashboard listens on 127.0.0.1." };
        var command = new Command("demo", "Hub, dashboard and three real agents in a folder of their own; Ctrl+C removes all of it.") { port };
        command.SetAction((parsed, ct) => ExitCodes.GuardAsync(async () =>
        {
            await new DemoRun(Console.Out).RunAsync(parsed.GetValue(port), ct);
            return ExitCodes.Done;
        }));
        return command;
    }

    private static Command TokenCreate(string[] settings)
    {
        var name = new Option<string>("--name") { Required = true, Description = "Whose it is; stands in the audit trail." };
        var role = RoleOption();
        var command = new Command("create", "Make a token. It is printed alone on standard output, once.") { name, role };
        command.SetAction((parsed, ct) => Offline.RunAsync(settings, async (mediator, _) =>
        {
            var made = await mediator.Send(new CreateOperatorToken.Request(parsed.GetValue(name)!, RoleOf(parsed.GetValue(role)), Offline.Self), ct);
            return made.Map(token => (token, $"Token '{parsed.GetValue(name)}' ({parsed.GetValue(role)}). It is shown this once."));
        }, ct));
        return command;
    }

    private static Command EnrolTokenCreate(string[] settings)
    {
        var uses = new Option<int?>("--uses") { Description = "How many hosts may enrol with it; 1 if not given." };
        var seconds = new Option<int?>("--expires-in-seconds") { Description = "How long it is good; a day if not given." };
        var command = new Command("create", "Make an enrolment token. It is printed alone on standard output, once.") { uses, seconds };
        command.SetAction((parsed, ct) => Offline.RunAsync(settings, async (mediator, _) =>
        {
            var made = await mediator.Send(new CreateEnrolmentToken.Request(new NewEnrolmentToken(parsed.GetValue(uses), parsed.GetValue(seconds), null), Offline.Self), ct);
            return made.Map(reply => (reply.Token, $"Good until {WireTime.ToText(reply.ExpiresAt)} for {parsed.GetValue(uses) ?? 1} host(s)."));
        }, ct));
        return command;
    }

    private static Command ReleaseCodeCreate(string[] settings)
    {
        var host = new Option<string>("--host") { Required = true, Description = "The isolated host: its name or its agent id." };
        var reason = new Option<string>("--reason") { Required = true, Description = "Why; stands in the audit trail." };
        var seconds = new Option<int?>("--expires-in-seconds") { Description = "How long it is good; Voltaxe:ReleaseCodeLifetime, a day, if not given." };
        var command = new Command("create", "Make a release code. It is printed alone on standard output, once.") { host, reason, seconds };
        command.SetAction((parsed, ct) => Offline.RunAsync(settings, async (mediator, _) =>
        {
            var made = await mediator.Send(
                new CreateReleaseCode.Request(Offline.Self, parsed.GetValue(host)!, new NewReleaseCode(parsed.GetValue(reason), parsed.GetValue(seconds))), ct);
            return made.Map(reply => (reply.Code, $"Good once until {WireTime.ToText(reply.ExpiresAt)}, for the isolation #{reply.CommandId}. On the host, as root: Voltaxe.Agent release --code CODE"));
        }, ct));
        return command;
    }

    private static Command UserCreate(string[] settings)
    {
        var name = new Argument<string>("name") { Description = "The user's name." };
        var role = RoleOption();
        var baseUrl = new Option<string?>("--base-url") { Description = $"Where the person reaches the hub; Voltaxe:PublicUrl or {HubApplication.DefaultUrl} if not given." };
        var command = new Command("create", "Make a user. A one-time link to set the password is printed alone on standard output.") { name, role, baseUrl };
        command.SetAction((parsed, ct) => Offline.RunAsync(settings, async (mediator, options) =>
        {
            var made = await mediator.Send(new CreateUser.Request(parsed.GetValue(name)!, RoleOf(parsed.GetValue(role)), Offline.Self), ct);
            var url = parsed.GetValue(baseUrl) ?? options.PublicUrl ?? HubApplication.DefaultUrl;
            return made.Map(token => (OneTimeLink.Url(url, token, setup: true), $"User '{parsed.GetValue(name)}' ({parsed.GetValue(role)}). The link works once, for 24 hours."));
        }, ct));
        return command;
    }

    private static Option<string> RoleOption()
    {
        var role = new Option<string>("--role") { Required = true, Description = "viewer, responder, approver or admin." };
        role.AcceptOnlyFromAmong([.. Enum.GetValues<Role>().Select(r => Words.Of(r))]);
        return role;
    }

    private static Role RoleOf(string? word) => Words.TryParse<Role>(word, out var role) ? role : throw new ArgumentException($"'{word}' is no role");
}
