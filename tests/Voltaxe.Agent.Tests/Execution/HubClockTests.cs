using Voltaxe.Agent.Execution;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Execution;

public sealed class HubClockTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(400)]
    public void However_long_the_machine_has_been_up_a_restarted_agent_knows_hub_time(int days)
    {
        var time = new ManualClock(Orders.Noon);
        time.Advance(TimeSpan.FromDays(days));
        var before = new HubClock(time, "boot-1");
        before.Set(Orders.Noon);
        time.Advance(TimeSpan.FromMinutes(3));
        var after = new HubClock(time, "boot-1");
        after.Resume(before.Pin());
        Assert.Equal(Orders.Noon.AddMinutes(3), after.Now);
    }

    [Fact]
    public void Another_boot_knows_nothing()
    {
        var time = new ManualClock(Orders.Noon);
        var before = new HubClock(time, "boot-1");
        before.Set(Orders.Noon);
        var after = new HubClock(time, "boot-2");
        after.Resume(before.Pin());
        Assert.Null(after.Now);
    }
}
