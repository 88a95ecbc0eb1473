using System.Text.Json.Nodes;

namespace Voltaxe.Testing.Wire;

/// <summary>One line of <see cref="WireAgent"/>'s journal.</summary>
public sealed class WireEntry
{
    public required Guid Uid { get; init; }
    public required DeliveredCommand Command { get; init; }
    public long Seq { get; init; }

    /// <summary>Of the latest hand-out.</summary>
    public int Attempt { get; set; }

    /// <summary><c>received</c>, <c>started</c> or <c>finished</c>.</summary>
    public string State { get; set; } = "received";

    /// <summary>How often this uid came, over whatever channel.</summary>
    public int HandOuts { get; set; } = 1;

    /// <summary>Given to the test by <see cref="WireAgent.TakeNext"/>.</summary>
    public bool Taken { get; set; }

    /// <summary>The result as first reported; it never changes.</summary>
    public JsonObject? Result { get; set; }

    /// <summary>The hub says that the result is durable.</summary>
    public bool Recorded { get; set; }

    /// <summary>Why the hub wants no more of this result: <c>conflict</c>, <c>unknown_uid</c>.</summary>
    public string? Dropped { get; set; }

    public bool IsNetwork => Command.Command is "network_isolate" or "network_restore";
    public bool MustSend => Result is not null && !Recorded && Dropped is null;
}
