using System.Collections.Immutable;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;
using AgentRow = Voltaxe.Hub.Domain.Agent;

namespace Voltaxe.Hub.Tests.Model;

/// <summary>A sync on its way to the hub, and the connection that carries it.</summary>
internal sealed record Asking(SyncRequest Sync, int Connection);

/// <summary>A push on its way to the agent.</summary>
internal sealed record Pushed(ImmutableArray<Envelope> Commands, ImmutableArray<CancelOrder> Cancels)
{
    public bool IsSameAs(Pushed other) => Commands.SequenceEqual(other.Commands) && Cancels.SequenceEqual(other.Cancels);
}

/// <summary>An action under way in the agent's process.</summary>
internal readonly record struct Running(int Command, bool Resumed, bool Acted, bool Failed);

/// <summary>A replaced instance and how often it came back.</summary>
internal readonly record struct Replaced(int Instance, int Returns);

/// <summary>
/// Everything there is: the hub's rows, the agent's journal and memory, the messages between them, and the host. A step takes a copy
/// and changes that; nothing in here is shared between two worlds unless it is immutable.
/// </summary>
internal sealed class World
{
    public required Scenario Scenario { get; init; }
    public Budget Left { get; set; }
    public int Seconds { get; set; }

    // The hub.
    public required AgentRow Row { get; set; }
    public ImmutableArray<Command> Commands { get; set; } = [];
    public ImmutableArray<string> RetiredEpochs { get; set; } = [];
    public ImmutableArray<Replaced> RetiredInstances { get; set; } = [];
    /// <summary>The node's link to the agent: the connection and its session.</summary>
    public (int Connection, long Session)? Link { get; set; }

    // The agent: its journal, then what a crash takes away.
    public required Ledger Ledger { get; set; }
    public long Position { get; set; } = 1;
    public int Boot { get; set; } = 1;
    public bool Alive { get; set; } = true;
    public int Instance { get; set; } = 1;
    public int Connection { get; set; } = 1;
    public long N { get; set; }
    /// <summary>Hub time as it reckons it, minus the true one; null while it does not know.</summary>
    public TimeSpan? ClockError { get; set; }
    public ImmutableArray<ReceivedEntry> Received { get; set; } = [];
    public ImmutableArray<Running> Running { get; set; } = [];
    /// <summary>The sync whose reply it waits for.</summary>
    public SyncRequest? Awaited { get; set; }

    // Between them.
    public ImmutableArray<Asking> ToHub { get; set; } = [];
    public ImmutableArray<Pushed> ToAgent { get; set; } = [];
    public SyncReply? Reply { get; set; }

    // The host.
    public bool Isolated { get; set; }
    public int? RulesOf { get; set; }
    public ImmutableArray<int> Effects { get; set; } = [];
    public long LastNetworkEffect { get; set; }
    /// <summary>A journal was lost: then nobody knows what it had said.</summary>
    public bool JournalWasLost { get; set; }

    /// <summary>What went wrong while a step was taken.</summary>
    public string? Broken { get; set; }

    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public DateTimeOffset Now => Start.AddSeconds(Seconds);
    public DateTimeOffset? AgentsNow => ClockError is { } error ? Now + error : null;

    private static readonly Func<object, object> CopyShallow = typeof(object)
        .GetMethod(nameof(MemberwiseClone), System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)!
        .CreateDelegate<Func<object, object>>();

    public static World New(Scenario scenario) => new()
    {
        Scenario = scenario,
        Left = scenario.Allowed,
        Row = new AgentRow { Id = "a-model", Hostname = "web-01", HostnameKey = "web-01" },
        Ledger = Ledger.New(EpochOf(1)),
        Effects = [.. new int[scenario.Wishes.Count]],
    };

    public World Copy()
    {
        var copy = (World)CopyShallow(this);
        copy.Row = (AgentRow)CopyShallow(Row);
        var commands = ImmutableArray.CreateBuilder<Command>(Commands.Length);
        foreach (var command in Commands)
            commands.Add((Command)CopyShallow(command));
        copy.Commands = commands.MoveToImmutable();
        return copy;
    }

    public static string EpochOf(int number) => $"e-{number}";

    public static Guid UidOf(int command) => new($"01930000-0000-7000-8000-0000000000{command + 1:x2}");

    public static int IndexOf(Guid uid)
    {
        Span<byte> bytes = stackalloc byte[16];
        uid.TryWriteBytes(bytes);
        return bytes[15] - 1;
    }

    public void Break(string why) => Broken ??= why;
}
