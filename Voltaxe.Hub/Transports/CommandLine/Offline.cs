using MediatR;
using Voltaxe.Hub.Accounts;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Transports.CommandLine;

/// <summary>Command lines that work on the database, beside a hub that may be running on it: the same requests, without a server.</summary>
public static class Offline
{
    /// <summary>Who can start the program with its keys and its database is an admin.</summary>
    public static Caller Self { get; } = new(Names.CommandLine, Role.Admin);

    /// <param name="settings">As <c>--Voltaxe:…=…</c>.</param>
    /// <param name="ask">Gives what goes alone to standard output, and the words for standard error.</param>
    /// <param name="ct">Ends it.</param>
    public static Task<int> RunAsync(string[] settings, Func<IMediator, HubOptions, Task<Result<(string Output, string Words)>>> ask, CancellationToken ct) =>
        ExitCodes.GuardAsync(async () =>
        {
            await using var app = HubApplication.Build(settings, builder => builder.Logging.ClearProviders());
            await app.Services.GetRequiredService<HubPreparation>().RunAsync(ct);
            await using var scope = app.Services.CreateAsyncScope();
            var answer = await ask(scope.ServiceProvider.GetRequiredService<IMediator>(), app.Services.GetRequiredService<HubOptions>());
            if (answer.Refusal is { } refusal)
            {
                await Console.Error.WriteLineAsync(refusal.Detail);
                foreach (var (field, texts) in refusal.Errors ?? new Dictionary<string, string[]>())
                    await Console.Error.WriteLineAsync($"  {field} {string.Join(", ", texts)}");
                return ExitCodes.Of(refusal);
            }
            await Console.Error.WriteLineAsync(answer.Value.Words);
            await Console.Out.WriteLineAsync(answer.Value.Output);
            return ExitCodes.Done;
        });
}
