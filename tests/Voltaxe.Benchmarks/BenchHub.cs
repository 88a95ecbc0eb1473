using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub;
using Voltaxe.Hub.Accounts;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;
using Voltaxe.Testing;

namespace Voltaxe.Benchmarks;

/// <summary>A whole hub on Kestrel and SQLite, in this process so that its commits can be timed.</summary>
public sealed class BenchHub : IAsyncDisposable
{
    private static readonly Caller Self = new("bench", Role.Admin);
    private readonly TempFolder folder = new("bench");

    private BenchHub(WebApplication app) => App = app;

    public WebApplication App { get; private set; }

    public TempFolder Folder => folder;

    public Uri Url => new(App.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<BenchHub> StartAsync()
    {
        var hub = new BenchHub(null!);
        hub.App = HubApplication.Build([], builder =>
        {
            builder.Configuration["urls"] = "http://127.0.0.1:0";
            builder.Configuration["Voltaxe:DataDirectory"] = hub.folder.Root;
            builder.Logging.ClearProviders();
        });
        await hub.App.StartAsync();
        return hub;
    }

    public async Task<string> EnrolmentTokenAsync() =>
        (await SendAsync(new CreateEnrolmentToken.Request(new NewEnrolmentToken(1000, 600, null), Self))).Token;

    public Task<string> OperatorTokenAsync() => SendAsync(new CreateOperatorToken.Request("bench", Role.Admin, Self));

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        folder.Dispose();
    }

    private async Task<T> SendAsync<T>(IRequest<Result<T>> request)
    {
        await using var scope = App.Services.CreateAsyncScope();
        return (await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request)).Value;
    }
}
