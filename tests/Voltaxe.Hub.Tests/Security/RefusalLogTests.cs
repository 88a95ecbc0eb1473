using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Security;
using Voltaxe.Testing;

namespace Voltaxe.Hub.Tests.Security;

public sealed class RefusalLogTests
{
    [Fact]
    public async Task A_thousand_refusals_of_one_kind_leave_one_row_a_minute_with_their_count()
    {
        var clock = new ManualClock();
        await using var hub = await RunningHub.StartAsync(clock: clock);
        var log = hub.Get<RefusalLog>();
        var kind = new RefusalLog.Kind("/api/v1/commands", "no_credential", "anonymous", "192.0.2.1");
        log.Note(kind);
        Assert.Equal(1, await log.SweepOnceAsync(CancellationToken.None));
        for (var i = 0; i < 999; i++)
            log.Note(kind);
        Assert.Equal(0, await log.SweepOnceAsync(CancellationToken.None));
        clock.Advance(RefusalLog.Quiet);
        await Eventually.TrueAsync(async () => (await DetailsAsync(hub)).Contains("""{"kind":"no_credential","count":999}"""));
        Assert.Equal(2, (await DetailsAsync(hub)).Count);
    }

    [Fact]
    public async Task A_flood_from_everywhere_is_counted_together()
    {
        await using var hub = await RunningHub.StartAsync(clock: new ManualClock());
        var log = hub.Get<RefusalLog>();
        for (var i = 0; i < 10_000; i++)
            log.Note(new("/api/v1/commands", "no_credential", "anonymous", $"2001:db8::{i:x}"));
        Assert.Equal(RefusalLog.MostKinds + 1, await log.SweepOnceAsync(CancellationToken.None));
        Assert.Contains($$"""{"kind":"refused","count":{{10_000 - RefusalLog.MostKinds}}}""", await DetailsAsync(hub));
    }

    private static Task<List<string?>> DetailsAsync(RunningHub hub) =>
        hub.ReadAsync(db => db.Audit.Where(a => a.Action == "access_refused").Select(a => a.Detail).ToListAsync());
}
