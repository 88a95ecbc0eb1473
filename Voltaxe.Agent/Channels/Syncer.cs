using Voltaxe.Agent.Execution;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Channels;

/// <summary>
/// Says the agent's syncs, over whichever channel the keeper has: one at a time, besides at most one that the hub holds open. Numbers are
/// drawn and sent under one lock, so that the hub sees them in order.
/// </summary>
/// <param name="heard">Takes what the hub said, in the order in which replies came, and ends when it has been handled.</param>
public sealed class Syncer(SyncComposer composer, Outbox outbox, HubClock clock, HubContact contact, TimeProvider time, Func<IHubChannel, SyncReply, Task> heard)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim turn = new(1);
    private readonly string instance = Guid.NewGuid().ToString("N");
    private long n;

    /// <summary>One sync over the channel. Whatever goes wrong throws.</summary>
    public async Task<SyncReply> SyncAsync(IHubChannel channel, int waitSeconds, CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        var holds = 1;
        void LetOthersPass()
        {
            if (Interlocked.Exchange(ref holds, 0) == 1)
                turn.Release();
        }
        using var limit = new CancellationTokenSource(Patience + TimeSpan.FromSeconds(waitSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            var began = time.GetTimestamp();
            var (request, more) = composer.Compose(instance, waitSeconds);
            request = request with { N = ++n };
            var reply = Plausible(await channel.SyncAsync(request, waitSeconds > 0 ? LetOthersPass : static () => { }, either.Token));
            if (!HubClock.IsPlausible(reply.HubTime))
                throw new InvalidDataException($"the hub says that it is {reply.HubTime:O}");
            clock.Set(reply.HubTime);
            contact.Answered(began, held: waitSeconds > 0);
            outbox.WasTold(request);
            // Until what was recorded is noted, the next sync would say it again.
            await heard(channel, reply);
            // The rest at once, but only while the hub takes what it is given.
            if (more && reply.Recorded.Count + reply.Drop.Count + request.Answers.Count > 0)
                outbox.RingNow();
            return reply;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException("the hub did not answer a sync in time");
        }
        finally
        {
            LetOthersPass();
        }
    }

    /// <summary>Without the nulls that JSON can say and nobody means.</summary>
    public static SyncReply Plausible(SyncReply reply) => reply with
    {
        Commands = [.. reply.Commands.Where(c => c is { Epoch: not null })],
        Recorded = [.. reply.Recorded.Where(r => r is not null)],
        Cancel = [.. reply.Cancel.Where(c => c is { Epoch: not null })],
        Drop = [.. reply.Drop.Where(d => d is not null)],
        Asks = [.. reply.Asks.Where(a => a is { AskId: not null, What: not null })],
        Keys = [.. reply.Keys.Where(k => k is { KeyId: not null, PublicKey: not null, NotBefore: not null, SignedBy: not null })],
    };
}
