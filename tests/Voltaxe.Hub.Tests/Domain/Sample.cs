using System.Reflection;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;
using AgentRow = Voltaxe.Hub.Domain.Agent;

namespace Voltaxe.Hub.Tests.Lifecycle;

/// <summary>Agents and commands for tests of the domain, made with the domain's own methods alone.</summary>
internal static class Sample
{
    public const string AgentId = "a-sample";
    public const string Epoch = "epoch-1";

    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly DeliveryLimits Limits = new();

    public static Guid Uid(long number) => new($"01930000-0000-7000-8000-{number:D12}");

    public static AgentRow Agent(string? epoch = Epoch) =>
        new() { Id = AgentId, Hostname = "web-01", HostnameKey = "web-01", Epoch = epoch, Instance = "i-1", N = 1, Session = 1 };

    /// <summary>As it is created: pending, or awaiting approval.</summary>
    public static Command New(long id, string name = CommandNames.NetworkIsolate, bool needsApproval = false, int? priority = null, DateTimeOffset? notBefore = null, DateTimeOffset? at = null) =>
        new Command
        {
            Id = id,
            Uid = Uid(id),
            AgentId = AgentId,
            Hostname = "web-01",
            Name = name,
            Params = "{}",
            Reason = "a test",
            CreatedBy = "ana",
            CreatedAt = at ?? Noon,
            Priority = priority ?? DeliveryLimits.PriorityOf(name),
            NotBefore = notBefore,
            LifetimeSeconds = (int)Limits.LifetimeOf(name).TotalSeconds,
            NeedsApproval = needsApproval,
        }.Enqueued();

    /// <summary>Pending and due at noon.</summary>
    public static Command Due(long id, string name = CommandNames.NetworkIsolate, long? seq = null, int? priority = null, string payload = "payload", DateTimeOffset? expires = null)
    {
        var command = New(id, name, priority: priority);
        command.BecomeDue(seq ?? id, expires ?? Noon + Limits.LifetimeOf(name), payload, "key-1", "signature");
        return command;
    }

    public static HandOutTo Reply { get; } = new(Channel.Poll, Epoch, null, false);
    public static HandOutTo Push(long session = 1) => new(Channel.Push, Epoch, session, false);
    public static HandOutTo SeedPoll { get; } = new(Channel.Poll, null, null, true);

    public static Command Delivered(long id, string name = CommandNames.NetworkIsolate, HandOutTo? to = null, DateTimeOffset? at = null, long? seq = null)
    {
        var command = Due(id, name, seq);
        command.HandOut(to ?? Reply, at ?? Noon);
        return command;
    }

    /// <summary>A command that the hub alone, or where only it can the agent, brought into this state.</summary>
    public static Command In(CommandStatus status, long id = 1)
    {
        var command = status switch
        {
            CommandStatus.AwaitingApproval or CommandStatus.Denied => New(id, needsApproval: true),
            CommandStatus.Pending or CommandStatus.Cancelled or CommandStatus.Expired or CommandStatus.Superseded => Due(id),
            _ => Delivered(id),
        };
        switch (status)
        {
            case CommandStatus.Executed: command.Report(Result(id), "{}", Noon); break;
            case CommandStatus.Failed: command.Report(Result(id, Outcome.Failed), "{}", Noon); break;
            case CommandStatus.Rejected: command.Report(Result(id, Outcome.Rejected), "{}", Noon); break;
            case CommandStatus.Cancelled: command.Withdraw("ana", Noon); break;
            case CommandStatus.Expired: command.LetExpire(Noon); break;
            case CommandStatus.Superseded: command.Overtake(99, Noon); break;
            case CommandStatus.Denied: command.Deny(Noon); break;
            case CommandStatus.Unknown: command.GiveUp(UnknownWhy.NoReport, Noon); break;
        }
        Assert.Equal(status, command.Status);
        return command;
    }

    public static ResultReport Result(long id, Outcome outcome = Outcome.Executed, int attempt = 1, DateTimeOffset? started = null, DateTimeOffset? finished = null, bool? verified = null) =>
        new(Uid(id), attempt, outcome, "done", null, started, finished, verified);

    /// <summary>Everything that a command says of itself, so that "unchanged" means unchanged.</summary>
    public static IReadOnlyDictionary<string, object?> Look(this Command command) =>
        typeof(Command).GetProperties(BindingFlags.Public | BindingFlags.Instance).ToDictionary(p => p.Name, p => p.GetValue(command));
}
