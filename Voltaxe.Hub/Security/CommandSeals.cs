using System.Globalization;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Security;

/// <summary>Nothing unsealed is signed: who writes to the database can delay or hide a command, not make, change or retarget one.</summary>
public sealed class CommandSeals(HubKeys keys)
{
    public string Of(Command c) => keys.Seal(Parts(c));

    public string OfApproval(Command c, string approvedBy) => keys.Seal("approval", c.Uid.ToString("D"), approvedBy);

    /// <summary>False where a row was made or changed by another hand, or needs an approval that it has not.</summary>
    public bool Hold(Command c) =>
        keys.SealHolds(c.Seal, Parts(c))
        && (!c.NeedsApproval || (c.ApprovedBy is { } by && keys.SealHolds(c.ApprovalSeal, "approval", c.Uid.ToString("D"), by)));

    private static string?[] Parts(Command c) =>
    [
        "command", c.Uid.ToString("D"), c.AgentId, c.Name, c.Params, c.Reason, c.CreatedBy,
        c.NotBefore?.UtcTicks.ToString(CultureInfo.InvariantCulture), c.LifetimeSeconds.ToString(CultureInfo.InvariantCulture), c.NeedsApproval ? "approval" : "direct",
    ];
}
