using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Tests.Model;

/// <summary>A command that an operator will create, at any moment the exploration likes.</summary>
/// <param name="Name">What it orders.</param>
/// <param name="NeedsApproval">A second person has to say yes.</param>
/// <param name="Delay">Its <c>not_before</c>, counted from the start of the world.</param>
internal sealed record Wish(string Name, bool NeedsApproval = false, TimeSpan? Delay = null)
{
    public static readonly Wish Isolate = new(CommandNames.NetworkIsolate);
    public static readonly Wish Restore = new(CommandNames.NetworkRestore);
    public static readonly Wish Kill = new(CommandNames.KillProcess);
}

/// <summary>How often each thing may go wrong, or happen at all, so that the world stays finite.</summary>
internal readonly record struct Budget
{
    public int Crashes { get; init; }
    public int Losses { get; init; }
    public int Copies { get; init; }
    public int Cancels { get; init; }
    public int Failures { get; init; }
    /// <summary>Minutes: a push counts as lost, what is never received may go again.</summary>
    public int Minutes { get; init; }
    /// <summary>Quarters of an hour: lifetimes and silence run out.</summary>
    public int Quarters { get; init; }
    public int LostJournals { get; init; }
    public int Reconnects { get; init; }
    /// <summary>Syncs that the agent may send.</summary>
    public int Syncs { get; init; }
}

/// <summary>One bounded world: what is ordered, on which channel, and what may go wrong.</summary>
/// <param name="Title">For the test's name.</param>
/// <param name="Socket">The agent holds a socket, so that the hub can push; else it polls.</param>
/// <param name="Wishes">Created in this order.</param>
/// <param name="Allowed">What may happen how often.</param>
/// <param name="AtLeast">Fewer states than this mean that the world has shrunk.</param>
/// <param name="Reaches">States that a command must come to, or the exploration went past what it is for.</param>
internal sealed record Scenario(string Title, bool Socket, IReadOnlyList<Wish> Wishes, Budget Allowed, int AtLeast, params IReadOnlyList<CommandStatus> Reaches)
{
    /// <summary>Messages in flight to the hub and to the agent.</summary>
    public int Room { get; init; } = 2;

    /// <summary>Every lifetime is a quarter of an hour, so that one step of time passes it; the rest is the protocol's.</summary>
    public static readonly DeliveryLimits Limits = new() { ApprovalLimit = TimeSpan.FromMinutes(15) };

    public const int LifetimeSeconds = 15 * 60;

    public override string ToString() => Title;
}
