using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Agents;

/// <summary>Removes credentials whose time is over: access tokens, used assertions, enrolment tokens and what they were used for, sessions.</summary>
public sealed partial class CredentialSweep(HubStore store, ILogger<CredentialSweep> log) : BackgroundService
{
    /// <summary>No session can stand longer without a word.</summary>
    private static readonly TimeSpan AfterLastSeen = TimeSpan.FromDays(1);

    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    /// <summary>How many rows went.</summary>
    public Task<int> SweepOnceAsync(CancellationToken ct) => store.WriteAsync(async (write, c) =>
    {
        var (db, now) = (write.Db, write.Now);
        return await db.AgentTokens.Where(t => t.ExpiresAt <= now).ExecuteDeleteAsync(c)
            + await db.UsedAssertions.Where(u => u.ExpiresAt <= now).ExecuteDeleteAsync(c)
            + await db.Enrolments.Where(e => db.EnrolmentTokens.Any(t => t.Hash == e.TokenHash && t.ExpiresAt <= now)).ExecuteDeleteAsync(c)
            + await db.EnrolmentTokens.Where(t => t.ExpiresAt <= now).ExecuteDeleteAsync(c)
            + await db.Sessions.Where(s => s.LastSeenAt < now - AfterLastSeen).ExecuteDeleteAsync(c);
    }, ct);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, store.Clock.Time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await SweepOnceAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogFailed(e);
            }
        }
    }

    [LoggerMessage(400, LogLevel.Warning, "Could not remove ended credentials; trying again in 5 minutes")]
    private partial void LogFailed(Exception exception);
}
