using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Live;
using Voltaxe.Dashboard.Model.Progress;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Model;

public class CommandFreshnessTests
{
    private static readonly CommandView Queued = Given.Command();

    private static readonly CommandView[] Life =
    [
        Given.At(Queued, CommandStatus.AwaitingApproval),
        Queued,
        Given.HandedOver(Queued),
        Given.HandedOver(Queued) with { Attempt = 2 },
        Given.Received(Queued) with { Attempt = 2 },
        Given.Running(Queued) with { Attempt = 2 },
        Given.Running(Queued) with { Attempt = 2, CancelRequestedAt = Given.Noon },
        Given.At(Queued, CommandStatus.Unknown) with { Attempt = 2 },
        Given.At(Queued, CommandStatus.Executed) with { Attempt = 2 },
    ];

    [Fact]
    public void Of_two_pictures_the_one_further_along_is_the_later()
    {
        for (var early = 0; early < Life.Length; early++)
        {
            for (var late = early + 1; late < Life.Length; late++)
            {
                Assert.True(CommandFreshness.IsOlder(Life[early], Life[late]), $"{early} before {late}");
                Assert.False(CommandFreshness.IsOlder(Life[late], Life[early]), $"{late} after {early}");
            }
        }
    }

    [Fact]
    public void Changes_in_any_order_end_in_the_last_state()
    {
        var random = new Random(7);
        for (var round = 0; round < 500; round++)
        {
            var rows = LiveComponent.CommandRows();
            foreach (var picture in Life.OrderBy(_ => random.Next()))
                rows.Apply([new LiveChange<CommandView>("7", picture)]);
            Assert.Equal(CommandStatus.Executed, Assert.Single(rows.All).Status);
        }
    }
}
