using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Voltaxe.Hub.Accounts;

public static class AccountsSetup
{
    public static IServiceCollection AddAccounts(this IServiceCollection services)
    {
        services.AddSingleton<FirstRun>();
        services.AddHostedService<FirstRunNotice>();
        return services;
    }

    /// <summary>Shows the first admin's link, on the console and in no log, once the hub listens.</summary>
    private sealed class FirstRunNotice(FirstRun firstRun, HubOptions options, IServer server) : IHostedLifecycleService
    {
        public async Task StartedAsync(CancellationToken cancellationToken)
        {
            if (await firstRun.EnsureAsync(cancellationToken) is not { } token)
                return;
            var url = options.PublicUrl ?? server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? HubApplication.DefaultUrl;
            await Console.Out.WriteLineAsync($"Nobody can sign in yet. Set the password of '{FirstRun.Admin}' here, once, within 24 hours:\n{OneTimeLink.Url(url, token, setup: true)}");
        }

        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
