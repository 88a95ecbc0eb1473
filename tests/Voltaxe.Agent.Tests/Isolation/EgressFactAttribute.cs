using Voltaxe.Agent.Platform;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.Agent.Tests.Isolation;

/// <summary>Real rules in network namespaces; skipped by name where the kernel has no egress hook.</summary>
internal sealed class EgressFactAttribute : FactAttribute
{
    public EgressFactAttribute() => Skip = Machine.WhatIsMissing(Needs.Linux | Needs.Root | Needs.NetNamespaces | Needs.Nft)
        ?? (Exec.Find("python3") is null ? "This machine lacks python3" : null)
        ?? (Shell.TryRun("unshare", "--net", "nft", "add table netdev t; add chain netdev t c { type filter hook egress device lo priority 0; }").ExitCode == 0
            ? null : "This kernel has no egress hook");
}
