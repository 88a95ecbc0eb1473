namespace Voltaxe.Hub.Persistence;

/// <summary>Brings the schema up to date before any other part of the hub starts.</summary>
public sealed class SchemaAtStart(HubDbFactory factory) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => factory.MigrateAsync(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

public static class SchemaSetup
{
    public static IServiceCollection AddSchemaAtStart(this IServiceCollection services) =>
        services.AddHostedService<SchemaAtStart>().AddSingleton<Readiness>();
}
