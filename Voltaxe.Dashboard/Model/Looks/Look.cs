namespace Voltaxe.Dashboard.Model.Looks;

/// <summary>How one fact is shown: always a word and an icon, so that nothing hangs on colour alone.</summary>
public sealed record Look(string Word, Glyph Glyph, Tone Tone)
{
    /// <summary>The class that gives the tone its colour.</summary>
    public string ToneClass => Tone switch
    {
        Tone.Good => "tone-good",
        Tone.Info => "tone-info",
        Tone.Warn => "tone-warn",
        Tone.Bad => "tone-bad",
        Tone.Contained => "tone-contained",
        _ => "tone-neutral",
    };
}

/// <summary>What a colour says. <see cref="Contained"/> is its own colour: an isolated host is neither good nor bad news.</summary>
public enum Tone { Neutral, Good, Info, Warn, Bad, Contained }

/// <summary>The icons that the dashboard draws itself.</summary>
public enum Glyph
{
    Dot, Ring, Pulse, Waves, Clock, Slash, Shield, ShieldLock, Arrows, Question, Alert, Check, Cross, Ban, Hourglass,
    Layers, Send, Inbox, Play, Person, Skull, Box, Link, Sun, Moon, Screen, Search, Hosts, List, Up, Down, Fetch, Door,
}
