using Microsoft.AspNetCore.Components;
using Voltaxe.Dashboard.Model.Looks;

namespace Voltaxe.Dashboard.Components.Parts.Badges;

/// <summary>One small line drawing.</summary>
public sealed partial class Icon
{
    [Parameter, EditorRequired] public Glyph Of { get; set; }
    [Parameter] public string? Class { get; set; }

    private string Path => Of switch
    {
        Glyph.Dot => "M8 6a2 2 0 1 0 0 4a2 2 0 0 0 0-4",
        Glyph.Ring => "M8 3a5 5 0 1 0 0 10a5 5 0 0 0 0-10",
        Glyph.Pulse => "M1.5 8.5h3l2-5l3 9l2-4h3",
        Glyph.Waves => "M2 6c2-2 4-2 6 0s4 2 6 0M2 11c2-2 4-2 6 0s4 2 6 0",
        Glyph.Clock => "M8 2a6 6 0 1 0 0 12a6 6 0 0 0 0-12M8 4.8V8l2.2 1.6",
        Glyph.Slash => "M8 2.2a5.8 5.8 0 1 0 0 11.6a5.8 5.8 0 0 0 0-11.6M4 4l8 8",
        Glyph.Shield => "M8 1.8l5 1.8v4c0 3.2-2 5.4-5 6.6c-3-1.2-5-3.4-5-6.6v-4z",
        Glyph.ShieldLock => "M8 1.8l5 1.8v4c0 3.2-2 5.4-5 6.6c-3-1.2-5-3.4-5-6.6v-4zM5.8 7.4h4.4v3.2H5.8zM6.7 7.2V6.4a1.3 1.3 0 0 1 2.6 0v.8",
        Glyph.Arrows => "M2.5 6.5A5.6 5.6 0 0 1 13 5M13 2v3h-3M13.5 9.5A5.6 5.6 0 0 1 3 11M3 14v-3h3",
        Glyph.Question => "M8 2a6 6 0 1 0 0 12a6 6 0 0 0 0-12M6.2 6.4a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.8.6-.8 1.2M8 11.3v.1",
        Glyph.Alert => "M8 2l6.4 11.4H1.6zM8 6.4v3.2M8 11.5v.1",
        Glyph.Check => "M3 8.6l3.2 3.2L13 4.6",
        Glyph.Cross => "M4 4l8 8M12 4l-8 8",
        Glyph.Ban => "M8 2a6 6 0 1 0 0 12a6 6 0 0 0 0-12M4.6 8h6.8",
        Glyph.Hourglass => "M4 2h8M4 14h8M5 2c0 3.4 3 4 3 6s-3 2.6-3 6M11 2c0 3.4-3 4-3 6s3 2.6 3 6",
        Glyph.Layers => "M8 2l6 3.2l-6 3.2l-6-3.2zM2 9l6 3.2L14 9",
        Glyph.Send => "M14 2L2 7l4.6 2.2L9 14zM6.6 9.2L14 2",
        Glyph.Inbox => "M2 9l2-6h8l2 6v4H2zM2 9h3.5l1 1.8h3l1-1.8H14",
        Glyph.Play => "M5 3l8 5l-8 5z",
        Glyph.Person => "M8 2.5a2.7 2.7 0 1 0 0 5.4a2.7 2.7 0 0 0 0-5.4M2.8 14c.4-3 2.6-4.4 5.2-4.4s4.8 1.4 5.2 4.4",
        Glyph.Skull => "M8 2a5 5 0 0 0-3 9v2.5h6V11a5 5 0 0 0-3-9M6 7.2v.1M10 7.2v.1M7 13.4v-1.6M9 13.4v-1.6",
        Glyph.Box => "M8 1.8l5.5 3v6.4L8 14.2l-5.5-3V4.8zM2.5 4.8L8 8l5.5-3.2M8 8v6",
        Glyph.Link => "M6.8 9.2l2.4-2.4M7.4 4.8l1.4-1.4a2.7 2.7 0 0 1 3.8 3.8l-1.4 1.4M8.6 11.2l-1.4 1.4a2.7 2.7 0 0 1-3.8-3.8l1.4-1.4",
        Glyph.Sun => "M8 5.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 0 0 0-5.6M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
        Glyph.Moon => "M13 9.6A5.6 5.6 0 0 1 6.4 3A5.6 5.6 0 1 0 13 9.6",
        Glyph.Screen => "M2 3h12v8H2zM6 14h4M8 11v3",
        Glyph.Search => "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9M10.3 10.3l3.4 3.4",
        Glyph.Hosts => "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5v.1M5 11v.1",
        Glyph.List => "M6 4h8M6 8h8M6 12h8M2.5 4v.1M2.5 8v.1M2.5 12v.1",
        Glyph.Up => "M4 10l4-4l4 4",
        Glyph.Down => "M4 6l4 4l4-4",
        Glyph.Fetch => "M8 2v8M4.8 7L8 10.2L11.2 7M2.5 11.5v2h11v-2",
        Glyph.Door => "M6 2.5H3v11h3M10 5l3 3l-3 3M13 8H6.5",
        _ => throw new ArgumentOutOfRangeException(nameof(Of), Of, "not drawn"),
    };
}
