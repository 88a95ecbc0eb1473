using System.Text.Json;
using System.Text.Json.Nodes;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Agent.Actions;

/// <summary>Reads what was asked for. An item that fails, or that this agent does not have, says so in its own place; nothing is invented.</summary>
public sealed class CollectForensics(HostPlatform platform) : IAction
{
    /// <summary>For all items together, with room for what is around them.</summary>
    private const int MaxBytes = 220 * 1024;

    public string Command => CommandNames.CollectForensics;

    public TimeSpan Limit => TimeSpan.FromHours(2);

    public string? WhyNot(JsonElement parameters) => platform.Forensics is null ? platform.WhyMissing(Command) : null;

    public Task<ActionResult> RunAsync(ActionOrder order, CancellationToken ct)
    {
        var forensics = platform.Forensics!;
        var asked = CommandParams.ReadCollect(order.Command.Params).Collect;
        var wanted = asked.Count > 0 ? asked : forensics.Collectors;
        var items = new JsonObject();
        int collected = 0, left = MaxBytes, open = wanted.Count;
        foreach (var name in wanted)
        {
            ct.ThrowIfCancellationRequested();
            var item = Collect(forensics, name, left / open--, ct);
            collected += item.ContainsKey("error") ? 0 : 1;
            left = Math.Max(0, left - item.ToJsonString().Length);
            items[name] = item;
        }
        var data = HostPlatform.ToElement(new JsonObject { ["collected"] = collected, ["asked"] = wanted.Count, ["items"] = items });
        return Task.FromResult(collected == 0 && wanted.Count > 0
            ? new ActionResult(Contracts.Wire.Outcome.Failed, "nothing_collected: none of the items could be collected", data)
            : ActionResult.Executed($"collected {collected} of {wanted.Count} item(s)", data));
    }

    private static JsonObject Collect(IForensics forensics, string name, int maxBytes, CancellationToken ct)
    {
        if (!forensics.Collectors.Contains(name))
            return new JsonObject { ["error"] = "this agent does not collect it on this host" };
        try
        {
            return forensics.Collect(name, maxBytes, ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformException or FormatException)
        {
            return new JsonObject { ["error"] = e.Message };
        }
    }
}
