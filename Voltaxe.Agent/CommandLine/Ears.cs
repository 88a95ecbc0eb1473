using Microsoft.Extensions.Logging;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Execution;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.CommandLine;

/// <summary>Takes in what the hub says, over whichever channel: keys first, then questions aside, then the orders for the executor.</summary>
internal sealed partial class Ears(Executor executor, PinnedKeys pinned, Action<IReadOnlyList<PinnedKey>> store, Asks asks, ILogger<Ears> log)
{
    public Task HearAsync(SyncReply reply)
    {
        if (reply.Keys.Count > 0)
            Learn(reply.Keys);
        foreach (var ask in reply.Asks)
            asks.Answer(ask);
        return executor.PostAsync(reply);
    }

    private void Learn(IReadOnlyList<KeyAnnouncement> keys)
    {
        if (pinned.Learn(keys, out var refused))
        {
            try
            {
                store(pinned.All);
                Learned(keys.Count - refused.Count);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It counts until the agent ends; the hub announces it again then.
                NotStored(e.Message);
            }
        }
        foreach (var key in refused)
            Refused(key);
    }

    [LoggerMessage(1100, LogLevel.Information, "{Count} command key(s) announced by the hub are pinned")]
    private partial void Learned(int count);

    [LoggerMessage(1101, LogLevel.Error, "A new command key could not be stored: {Why}")]
    private partial void NotStored(string why);

    [LoggerMessage(1102, LogLevel.Warning, "A command key {KeyId} was announced without a signature that holds: ignored")]
    private partial void Refused(string keyId);
}
