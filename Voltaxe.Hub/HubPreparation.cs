using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub;

/// <summary>
/// What must be there before the hub serves or a command line works: folders, keys, schema. Each step is whole or not begun, so that
/// whatever was killed half-way is taken up by the next start; several processes may do it at once.
/// </summary>
public sealed class HubPreparation(HubOptions options, HubDbFactory database, IServiceProvider services, ILogger<HubPreparation> log)
    : IHostedLifecycleService
{
    private const string MakeKeys = "make the hub's keys";
    private static readonly TimeSpan KeyRingLife = TimeSpan.FromDays(90);
    /// <summary>Other processes, and the key ring, go by this machine's clock.</summary>
    private static readonly TimeProvider Time = TimeProvider.System;
    private readonly SemaphoreSlim gate = new(1, 1);
    private bool done;

    /// <summary>Does nothing the second time.</summary>
    /// <exception cref="HubStartException">One of them cannot be had.</exception>
    public async Task RunAsync(CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            if (done)
                return;
            PrivateFiles.MakeDataFolder(options.DataDirectory);
            await MakeKeysAsync(ct);
            await database.MigrateAsync(log, Time, ct);
            done = true;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Before any other part of the hub starts.</summary>
    public Task StartingAsync(CancellationToken cancellationToken) => RunAsync(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>One set for all nodes, the key of the cookies too: of two that each made their own, one would not know the other's sessions for a day.</summary>
    private async Task MakeKeysAsync(CancellationToken ct)
    {
        var folder = Path.GetFullPath(options.Keys);
        var ring = options.KeyRing;
        PrivateFiles.CloseTree(folder);
        // Where all of them are, the folder may be one that is only read.
        if (!HubKeys.AreMade(folder) || !Directory.Exists(ring) || !Directory.EnumerateFiles(ring, "key-*.xml").Any())
        {
            PrivateFiles.MakeFolder(folder);
            PrivateFiles.MakeFolder(ring);
            using var alone = await StartLock.TakeAsync(Path.Combine(folder, ".lock"), MakeKeys, log, Time, ct);
            HubKeys.RemoveHalfMade(folder);
            HubKeys.Make(folder);
            var keys = services.GetRequiredService<IKeyManager>();
            RequireTempFolder();
            if (!Directory.EnumerateFiles(ring, "key-*.xml").Any())
                keys.CreateNewKey(Time.GetUtcNow(), Time.GetUtcNow() + KeyRingLife);
            PrivateFiles.SyncNames(ring);
        }
        _ = services.GetRequiredService<HubKeys>();
    }

    /// <summary>The framework writes a key of its ring there before it gets its name.</summary>
    private static void RequireTempFolder()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            File.Create(path, 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HubStartException(StartFault.Failed, $"Cannot write into the folder for temporary files (TMPDIR), {Path.GetTempPath()}: {e.Message}", e);
        }
    }
}

public static class PreparationSetup
{
    public static IServiceCollection AddPreparation(this IServiceCollection services)
    {
        services.AddSingleton<HubPreparation>().AddSingleton<Readiness>();
        return services.AddHostedService(provider => provider.GetRequiredService<HubPreparation>());
    }
}
