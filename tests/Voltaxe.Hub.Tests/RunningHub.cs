using System.Net.Http.Headers;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Accounts;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;
using Voltaxe.Testing;
using Voltaxe.Testing.Databases;

namespace Voltaxe.Hub.Tests;

/// <summary>The whole hub in this process, on a port of its own, with its own data folder and database.</summary>
public sealed class RunningHub : IAsyncDisposable
{
    private static readonly Caller Admin = new("setup", Role.Admin);
    private readonly TempFolder? folder;

    private RunningHub(WebApplication app, TempFolder? folder, string dataFolder, string? connection)
    {
        App = app;
        this.folder = folder;
        DataFolder = dataFolder;
        Connection = connection;
        Url = new Uri(app.Urls.First());
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Url };
    }

    public WebApplication App { get; }
    public string DataFolder { get; }
    public string? Connection { get; }
    public Uri Url { get; }

    /// <summary>Without a credential; follows no redirect, keeps no cookie.</summary>
    public HttpClient Http { get; }

    public HubStore Store => Get<HubStore>();

    /// <summary>SQLite always; PostgreSQL where this machine has it.</summary>
    public static TheoryData<string> Databases { get; } = [.. Machine.WhatIsMissing(Needs.Postgres) is null ? new[] { "sqlite", "postgres" } : ["sqlite"]];

    public static Task<RunningHub> StartAsync(string database = "sqlite", TimeProvider? clock = null, params (string Key, string Value)[] settings)
    {
        var folder = new TempFolder("hub");
        return StartAsync(folder, folder.Root, database == "postgres" ? PostgresCluster.Shared.NewDatabase() : null, clock, settings);
    }

    /// <summary>On SQLite, with changes before anything is read: another log, other services.</summary>
    public static Task<RunningHub> StartAsync(Action<WebApplicationBuilder> configure, params (string Key, string Value)[] settings)
    {
        var folder = new TempFolder("hub");
        return StartAsync(folder, folder.Root, null, null, settings, configure);
    }

    /// <summary>A second node on the same database and keys, or the same hub after a restart.</summary>
    public Task<RunningHub> AnotherAsync(TimeProvider? clock = null, params (string Key, string Value)[] settings) => StartAsync(null, DataFolder, Connection, clock, settings);

    public T Get<T>() where T : notnull => App.Services.GetRequiredService<T>();

    public async Task<Result<T>> SendAsync<T>(IRequest<Result<T>> request)
    {
        await using var scope = App.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request);
    }

    public Task<T> ReadAsync<T>(Func<HubDb, Task<T>> read) => Store.ReadAsync((db, _) => read(db), CancellationToken.None);

    /// <summary>As another hand would: straight into the database.</summary>
    public async Task TamperAsync(FormattableString sql)
    {
        await using var db = Get<HubDbFactory>().Create();
        Assert.True(await db.Database.ExecuteSqlAsync(sql) > 0, "the tampering hit no row");
    }

    public async Task<string> TokenAsync(Role role, string? name = null) =>
        (await SendAsync(new CreateOperatorToken.Request(name ?? $"{Words.Of(role)}-{Guid.NewGuid():N}", role, Admin))).Value;

    public async Task<HttpClient> OperatorAsync(Role role) => Client(await TokenAsync(role));

    public HttpClient Client(string token)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Url };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public async Task<string> EnrolmentTokenAsync(int uses = 1, int? seconds = null) =>
        (await SendAsync(new CreateEnrolmentToken.Request(new NewEnrolmentToken(uses, seconds, null), Admin))).Value.Token;

    public async Task<NewAgentReply> LegacyAgentAsync(string hostname) => (await SendAsync(new AddLegacyAgent.Request(new NewAgent(hostname, true), Admin))).Value;

    public async Task<List<string>> AuditAsync() =>
        await ReadAsync(db => db.Audit.OrderBy(a => a.Id).Select(a => $"{a.Actor} {a.Action} {a.Target} {a.Outcome}").ToListAsync());

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        folder?.Dispose();
    }

    private static async Task<RunningHub> StartAsync(TempFolder? folder, string dataFolder, string? connection, TimeProvider? clock, (string Key, string Value)[] settings,
        Action<WebApplicationBuilder>? configure = null)
    {
        var app = HubApplication.Build([], builder =>
        {
            builder.Configuration["urls"] = "http://127.0.0.1:0";
            builder.Configuration["Voltaxe:DataDirectory"] = dataFolder;
            builder.Configuration["ConnectionStrings:Voltaxe"] = connection;
            foreach (var (key, value) in settings)
                builder.Configuration[key] = value;
            builder.Logging.ClearProviders();
            if (clock is not null)
                builder.Services.AddSingleton(clock);
            configure?.Invoke(builder);
        });
        await app.StartAsync();
        return new RunningHub(app, folder, dataFolder, connection);
    }
}

/// <summary>One hub for the tests of a class that leave nothing behind.</summary>
public sealed class HubForAll : IAsyncLifetime
{
    public RunningHub Hub { get; private set; } = null!;

    public async Task InitializeAsync() => Hub = await RunningHub.StartAsync();

    public async Task DisposeAsync() => await Hub.DisposeAsync();
}
