using System.Text.Json;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution.Ledgers;

/// <summary>A release code that was taken.</summary>
/// <param name="Done">The host has been restored by it.</param>
public sealed record TakenCode(CodeUsed Code, bool Done);

/// <summary>What a release code that holds asks for.</summary>
/// <param name="Isolations">Whose isolation it may end.</param>
/// <param name="Seq">Its place in the order of intent.</param>
public sealed record ReleaseOrder(string Nonce, long Seq, IReadOnlyList<Guid> Isolations, DateTimeOffset ExpiresAt);

/// <summary>What is so on the host when a release code is shown.</summary>
/// <param name="Stands">An isolation stands, or remains of one.</param>
/// <param name="Uid">Whose it is; null where nothing tells.</param>
/// <param name="Now">The hub's time, as far as it can be known.</param>
public sealed record ReleaseScene(bool Stands, Guid? Uid, DateTimeOffset Now);

/// <summary>Records to make durable before the host is restored, or why the code is refused.</summary>
public sealed record ReleaseDecision(CodeUsed? Record, string? Refusal);

public sealed partial record Ledger
{
    /// <summary>A code that was taken and whose restore is still owed. One that a newer network command has overtaken frees nobody any more.</summary>
    public CodeUsed? OwedRelease => Codes.Values.FirstOrDefault(t => !t.Done && t.Code.Seq == Mark)?.Code;

    /// <summary>Somebody shows a release code whose signature holds and which is meant for this agent.</summary>
    public ReleaseDecision OnRelease(ReleaseOrder order, ReleaseScene scene)
    {
        static ReleaseDecision Refuse(string why) => new(null, why);
        if (Codes.ContainsKey(order.Nonce))
            return Refuse("this code has been used: a code works once");
        if (scene.Now >= order.ExpiresAt)
            return Refuse(FormattableString.Invariant($"this code has expired: it was good until {order.ExpiresAt:yyyy-MM-dd HH:mm:ss} UTC, and it is {scene.Now:yyyy-MM-dd HH:mm:ss} UTC by the clock that counts here"));
        if (!scene.Stands)
            return Refuse("this host is not isolated: there is nothing to release");
        // Rules that nobody wrote down are whoever's the code says: a host must not stay cut off because a note was lost.
        if (scene.Uid is { } uid && !order.Isolations.Contains(uid))
            return Refuse("this code is for another isolation than the one that stands here: ask for a new one");
        if (order.Seq <= Mark)
            return Refuse("a newer network command came after this code was made: ask for a new one");
        return new(new CodeUsed(order.Nonce, scene.Uid ?? order.Isolations[0], order.Seq, order.ExpiresAt), null);
    }

    /// <summary>The host has been restored by a code that was taken.</summary>
    public Decision OnReleased(CodeUsed code, ResultReport restored, DateTimeOffset at) => new(
    [
        new CodeDone(code.Nonce),
        new EventRaised(new AgentEvent($"offline-release-{code.Nonce}", "offline_release", at, code.Uid, JsonElement.Parse(
            $$"""{"code":{{JsonSerializer.Serialize(code.Nonce, Contracts.Json.WireJson.Default.String)}},"seq":{{code.Seq}},"restored":{{restored.Data?.GetRawText() ?? "null"}}}"""))),
    ], NextStep.Tell);
}
