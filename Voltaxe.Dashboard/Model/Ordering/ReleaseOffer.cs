using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Looks;

namespace Voltaxe.Dashboard.Model.Ordering;

/// <summary>Whether a host needs the way out that works without the hub.</summary>
public static class ReleaseOffer
{
    /// <summary>Null where it does not: the host is not isolated, or hears the hub, so that a restore does it, or is a legacy agent, which takes no codes.</summary>
    public static Availability? Of(AgentView agent, Rights rights)
    {
        var cutOff = agent.Containment is Containment.Isolated or Containment.Isolating or Containment.Restoring;
        if (!cutOff || agent.Legacy || PresenceLook.Reachable(agent.Presence))
            return null;
        return rights.CanRelease ? Availability.Yes : new("Only an admin can make a release code.");
    }
}
