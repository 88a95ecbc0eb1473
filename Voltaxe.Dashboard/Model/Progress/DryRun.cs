using System.Text.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Looks;

namespace Voltaxe.Dashboard.Model.Progress;

/// <summary>Of commands that an agent with <c>--dry-run</c> only pretended to carry out; the result's data says so.</summary>
public static class DryRun
{
    public static Look Look { get; } = new("Dry run", Glyph.Ring, Tone.Neutral);

    public static bool Made(CommandView command) =>
        command.Result?.Data is { ValueKind: JsonValueKind.Object } data && data.TryGetProperty(ContainmentLook.DryRunMark, out var dry) && dry.ValueKind == JsonValueKind.True;

    /// <summary>When the effect was proven; never of a dry run.</summary>
    public static DateTimeOffset? ProvenAt(CommandView command) => Made(command) ? null : command.VerifiedAt;
}
