using System.Globalization;
using Voltaxe.Contracts.Operators;

namespace Voltaxe.Dashboard.Model.Looks;

/// <summary>How far a piece of evidence is. Complete is said only of what the hub has checked.</summary>
public static class EvidenceLook
{
    public static Look Of(EvidenceView e) => e switch
    {
        { Complete: true, ReplacedAt: not null } => new("Complete, replaced", Glyph.Layers, Tone.Neutral),
        { Complete: true } => new("Complete", Glyph.Check, Tone.Good),
        _ => new(string.Create(CultureInfo.InvariantCulture, $"{Percent(e)} % received"), Glyph.Hourglass, Tone.Info),
    };

    /// <summary>Whole percents, rounded down: 100 is all of it.</summary>
    public static int Percent(EvidenceView e) => e.Size <= 0 ? 0 : (int)Math.Clamp(Math.Floor(100.0 * e.Received / e.Size), 0, e.Received < e.Size ? 99 : 100);
}
