using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.EndToEnd.Tests.Harness;

/// <summary>The tests' own SignalR client against the framework's server: a mistake in it must not be taken for one of the product.</summary>
public sealed class SignalRSocketTests : IAsyncLifetime
{
    private readonly WebApplication app = Build();
    private Uri Url => new(app.Urls.Single());

    public Task InitializeAsync() => app.StartAsync();

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task Calls_are_answered_errors_are_told_and_the_hub_can_call_back()
    {
        var pushed = new TaskCompletionSource<string>();
        await using var socket = await SignalRSocket.OpenAsync(await SignalRSocket.ClientTo(Url)("secret"), (target, arguments) => pushed.SetResult(target + arguments.ToJsonString()));

        Assert.Equal("""{"said":"Bearer secret"}""", (await socket.InvokeAsync("Echo", new JsonObject { ["said"] = "x" }))!.ToJsonString());
        Assert.Equal("Execute[[1,2]]", await pushed.Task.Within());
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => socket.InvokeAsync("Refuse"));
        Assert.Contains("urn:voltaxe:problem:no", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_of_many_frames_arrive_whole()
    {
        await using var socket = await SignalRSocket.OpenAsync(await SignalRSocket.ClientTo(Url)("x"), (_, _) => { });
        var big = new string('b', 500_000);
        Assert.Equal(big, (await socket.InvokeAsync("Same", big))!.GetValue<string>());
    }

    [Fact]
    public async Task When_the_hub_hangs_up_the_client_knows()
    {
        await using var socket = await SignalRSocket.OpenAsync(await SignalRSocket.ClientTo(Url)("x"), (_, _) => { });
        await socket.SendRawAsync("""{"type":1,"target":"HangUp","arguments":[]}""");
        await socket.Closed.Within();
    }

    private static WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0").UseKestrel();
        builder.Logging.ClearProviders();
        builder.Services.AddSignalR(options => options.MaximumReceiveMessageSize = 1024 * 1024);
        var made = builder.Build();
        made.MapHub<Echoes>("/hubs/agent");
        return made;
    }

    private sealed class Echoes : Microsoft.AspNetCore.SignalR.Hub
    {
        public async Task<Dictionary<string, string>> Echo(Dictionary<string, string> message)
        {
            Assert.Equal("x", message["said"]);
            await Clients.Caller.SendAsync("Execute", new[] { 1, 2 });
            return new() { ["said"] = Context.GetHttpContext()!.Request.Headers.Authorization! };
        }

        public string Same(string text) => text;

        public void HangUp() => Context.Abort();

        public void Refuse() => throw new HubException("urn:voltaxe:problem:no");
    }
}
