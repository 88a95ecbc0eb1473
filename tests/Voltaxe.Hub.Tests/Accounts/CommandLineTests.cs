using Voltaxe.Hub.Tests.Transports;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Accounts;

/// <summary>The command lines as a script uses them, beside a hub that runs on the same database.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public async Task A_token_made_beside_a_running_hub_is_alone_on_standard_output_and_opens_it()
    {
        await using var hub = await RunningHub.StartAsync();
        var made = await RunAsync(hub, "token", "create", "--name", "ana", "--role", "viewer");
        Assert.Equal(0, made.Code);
        var token = Assert.Single(made.Output);
        Assert.NotEmpty(made.Error);
        using var client = hub.Client(token);
        using var answer = await client.GetAsync("/api/v1/agents");
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Contains("operator:command-line operator_token_created token:ana done", await hub.AuditAsync());

        Assert.Equal(3, (await RunAsync(hub, "token", "create", "--name", "ANA", "--role", "viewer")).Code);
        var enrol = await RunAsync(hub, "enroll-token", "create", "--uses", "3");
        Assert.StartsWith("vtx_enr_", Assert.Single(enrol.Output));
        var agent = new SyncClient(await hub.EnrolAsync("web-01"));
        await agent.SyncAsync();
        Assert.Equal(3, (await RunAsync(hub, "release-code", "create", "--host", "web-01", "--reason", "it hears nothing")).Code);
        using (var desk = await Desk.OfAsync(hub))
            await desk.IsolateAsync("web-01");
        await agent.SyncAsync();
        Assert.StartsWith("vtx_rel_", Assert.Single((await RunAsync(hub, "release-code", "create", "--host", "WEB-01", "--reason", "it hears nothing")).Output));
        Assert.Contains($"operator:command-line release_code_created agent:{agent.Agent.Identity.AgentId} done", await hub.AuditAsync());
        var user = await RunAsync(hub, "user", "create", "bob", "--role", "responder", "--base-url", "https://hub.example/");
        Assert.StartsWith("https://hub.example/sign-in/once?token=vtx_once_", Assert.Single(user.Output));
    }

    [Theory]
    [InlineData(1, "token", "create", "--name", "x", "--role", "king")]
    [InlineData(1, "token", "create", "--role", "admin")]
    [InlineData(1, "token", "create", "--name", "a b", "--role", "admin")]
    [InlineData(1, "enroll-token", "create", "--uses", "0")]
    [InlineData(1, "release-code", "create", "--host", "web-01")]
    [InlineData(1, "release-code", "create", "--host", "web-01", "--reason", "no")]
    [InlineData(2, "release-code", "create", "--host", "web-01", "--reason", "it hears nothing")]
    [InlineData(1, "nonsense")]
    [InlineData(1, "enroll-token", "create", "--Voltaxe:PollSeconds=soon")]
    [InlineData(6, "enroll-token", "create", "--ConnectionStrings:Voltaxe=Host=127.0.0.1;Port=1;Timeout=2")]
    public async Task What_cannot_be_done_ends_with_its_code_and_prints_nothing_to_take(int code, params string[] arguments)
    {
        using var folder = new TempFolder();
        var ran = await RunAsync(folder.Root, null, arguments);
        Assert.True(code == ran.Code, $"{ran.Code}, not {code}: {string.Join('\n', ran.Error)}");
        Assert.NotEmpty(ran.Error);
        Assert.DoesNotContain(ran.Output, line => line.Contains("vtx_", StringComparison.Ordinal));
    }

    private static Task<(int Code, IReadOnlyList<string> Output, IReadOnlyList<string> Error)> RunAsync(RunningHub hub, params string[] arguments) =>
        RunAsync(hub.DataFolder, hub.Connection, arguments);

    private static async Task<(int Code, IReadOnlyList<string> Output, IReadOnlyList<string> Error)> RunAsync(string dataFolder, string? connection, string[] arguments)
    {
        var start = ChildStart.DotNet(SourceTree.Built("Voltaxe.Hub"), arguments) with
        {
            Environment = new Dictionary<string, string?> { ["Voltaxe__DataDirectory"] = dataFolder, ["ConnectionStrings__Voltaxe"] = connection },
            WorkingDirectory = dataFolder,
        };
        await using var process = ChildProcess.Start(start, "hub " + arguments[0]);
        var code = await process.ExitAsync(TimeSpan.FromSeconds(60));
        return (code, process.StandardOutput, process.StandardError);
    }
}
