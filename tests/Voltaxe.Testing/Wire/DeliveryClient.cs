using System.Text.Json.Nodes;

namespace Voltaxe.Testing.Wire;

/// <summary>A command as it came out of a channel. The seed's wire has neither uid nor attempt.</summary>
public sealed record DeliveredCommand(long Id, Guid? Uid, int? Attempt, string Command, JsonObject Params);

/// <summary>What the hub made of a reported result.</summary>
public enum Reported { Recorded, Conflict, UnknownUid, Refused }

/// <summary>
/// An agent as one channel shows it, written from the protocol alone and sharing no code with the product: one suite of
/// delivery tests runs over SignalR, over sync and over the seed's routes.
/// </summary>
public interface IDeliveryClient : IAsyncDisposable
{
    /// <summary><c>signalr</c>, <c>sync</c> or <c>seed</c>.</summary>
    string Channel { get; }

    /// <summary>Whether this agent keeps a journal: a repeated hand-out is answered from it. The seed's agents do not.</summary>
    bool KeepsJournal { get; }

    /// <summary>The numbers of all commands handed out over this channel, repeats included, in order.</summary>
    IReadOnlyList<long> HandedOut { get; }

    /// <summary>Comes, or comes back, and says so to the hub. What it knew before, it still knows.</summary>
    Task ConnectAsync();

    /// <summary>Goes without a word.</summary>
    Task LeaveAsync();

    /// <summary>The next command that this agent has not been given before, or null when none came in time.</summary>
    Task<DeliveredCommand?> NextAsync(TimeSpan? within = null);

    /// <summary>Carries nothing out, and says how it ended.</summary>
    Task<Reported> ReportAsync(DeliveredCommand command, bool success, string message, JsonNode? data = null);

    /// <summary>Says the same once more, as an agent does that did not hear the answer.</summary>
    Task<Reported> ReportAgainAsync(DeliveredCommand command);
}
