using System.Net;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub;

/// <summary>The hub's settings (section <c>Voltaxe</c>; environment <c>Voltaxe__…</c>). All faults are reported at once and refuse the start.</summary>
public sealed record HubOptions
{
    /// <summary>Where the database, the keys and the vault live. Default <c>./data</c>.</summary>
    public string DataDirectory { get; init; } = "./data";
    /// <summary>Keys that must not lie in the database; nodes share the folder. Default <c>keys</c> in the data folder.</summary>
    public string? KeyDirectory { get; init; }
    /// <summary>How often agents without a socket ask, in seconds. Default 10.</summary>
    public int PollSeconds { get; init; } = 10;
    /// <summary>How long terminal commands are kept. Default 90 days; the seed's 7 can be set.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(90);
    /// <summary>Waits and limits of commands.</summary>
    public DeliveryLimits Delivery { get; init; } = new();
    /// <summary>How much evidence is taken, and how long it is kept.</summary>
    public EvidenceLimits Evidence { get; init; } = new();
    /// <summary>How long a release code is good, and the most that can be asked for. Default 24 h.</summary>
    public TimeSpan ReleaseCodeLifetime { get; init; } = TimeSpan.FromHours(24);
    /// <summary>
    /// Where people reach the hub, as <c>https://hub.example</c> or <c>https://soc.example/voltaxe</c>, when that is not where it listens. For
    /// links, for the origin that browsers may come from, for the path prefix, and for cookies that only TLS carries.
    /// </summary>
    public string? PublicUrl { get; init; }
    /// <summary>
    /// Addresses and networks of the proxies whose X-Forwarded-For, -Proto, -Host and -Prefix are believed, as <c>10.0.0.7</c> or
    /// <c>10.0.0.0/8</c>. Null is this machine alone; an empty list is nobody. A Unix socket counts as this machine.
    /// </summary>
    public IReadOnlyList<string>? TrustedProxies { get; init; }
    /// <summary>How often one address may knock at the open doors.</summary>
    public DoorLimits Doors { get; init; } = new();
    /// <summary>How long a person stays signed in at the dashboard.</summary>
    public SessionLimits Sessions { get; init; } = new();
    /// <summary>The seed's agents.</summary>
    public LegacyOptions Legacy { get; init; } = new();

    public string Keys => KeyDirectory ?? Path.Combine(DataDirectory, "keys");

    /// <summary>Where the keys of cookies and form tokens lie.</summary>
    public string KeyRing => Path.GetFullPath(Path.Combine(Keys, "data-protection"));

    public string Vault => Evidence.Directory ?? Path.Combine(DataDirectory, "vault");

    /// <summary>Scheme, host and port of <see cref="PublicUrl"/>, as a browser's Origin header has it.</summary>
    public string? PublicOrigin => PublicAddress?.GetLeftPart(UriPartial.Authority);

    /// <summary>The path of <see cref="PublicUrl"/> without its last slash; empty at the root.</summary>
    public PathString PublicPath => PathString.FromUriComponent(PublicAddress?.AbsolutePath.TrimEnd('/') ?? "");

    /// <summary><see cref="TrustedProxies"/> as networks.</summary>
    public IReadOnlyList<IPNetwork> Trusted =>
        [.. (TrustedProxies ?? ["127.0.0.0/8", "::1"]).Select(entry => ReverseProxy.TryParse(entry, out var network) ? network : default)];

    private Uri? PublicAddress => Uri.TryCreate(PublicUrl, UriKind.Absolute, out var url) ? url : null;

    public IEnumerable<string> Faults()
    {
        if (string.IsNullOrWhiteSpace(DataDirectory))
            yield return "Voltaxe:DataDirectory must name a folder";
        if (PollSeconds is < 1 or > 3600)
            yield return "Voltaxe:PollSeconds must be from 1 to 3600";
        if (Retention < TimeSpan.FromDays(1))
            yield return "Voltaxe:Retention must be at least 1.00:00:00 (a day)";
        if (ReleaseCodeLifetime < TimeSpan.FromMinutes(1) || ReleaseCodeLifetime > TimeSpan.FromDays(30))
            yield return "Voltaxe:ReleaseCodeLifetime must be from 00:01:00 (a minute) to 30.00:00:00 (30 days)";
        if (PublicUrl is not null && PublicAddress is not { Scheme: "http" or "https" })
            yield return "Voltaxe:PublicUrl must begin with http:// or https://";
        else if (PublicAddress is { } url && (url.Query.Length > 0 || url.Fragment.Length > 0 || url.UserInfo.Length > 0))
            yield return "Voltaxe:PublicUrl must have no user, query or fragment";
        for (var i = 0; i < (TrustedProxies?.Count ?? 0); i++)
        {
            if (!ReverseProxy.TryParse(TrustedProxies![i], out _))
                yield return $"Voltaxe:TrustedProxies:{i} must be an address or a network, as 10.0.0.7 or 10.0.0.0/8";
        }
        foreach (var fault in Doors.Faults())
            yield return fault;
        foreach (var fault in Sessions.Faults())
            yield return fault;
        foreach (var fault in Delivery.Faults())
            yield return fault;
        foreach (var fault in Evidence.Faults())
            yield return fault;
    }
}

/// <summary>How long a person stays signed in at the dashboard, in every tab.</summary>
public sealed record SessionLimits
{
    /// <summary>Counted from signing in, however much is done meanwhile. From a minute to 8 hours, the default.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(8);
    /// <summary>Counted from the last thing that the person did. From a minute to <see cref="Lifetime"/>; default 30 minutes.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(30);

    public IEnumerable<string> Faults()
    {
        if (Lifetime < TimeSpan.FromMinutes(1) || Lifetime > TimeSpan.FromHours(8))
            yield return "Voltaxe:Sessions:Lifetime must be from 00:01:00 (a minute) to 08:00:00 (8 hours)";
        if (IdleTimeout < TimeSpan.FromMinutes(1) || IdleTimeout > Lifetime)
            yield return "Voltaxe:Sessions:IdleTimeout must be from 00:01:00 (a minute) to Voltaxe:Sessions:Lifetime";
    }
}

/// <summary>Requests a minute from one address at doors that need no credential. What comes on top is answered 429.</summary>
public sealed record DoorLimits
{
    /// <summary>Enrolment and access tokens. Default 3000: a whole fleet may sit behind one address.</summary>
    public int AgentsPerMinute { get; init; } = 3_000;
    /// <summary>Sign-in forms. Default 60.</summary>
    public int SignInsPerMinute { get; init; } = 60;

    public IEnumerable<string> Faults()
    {
        if (AgentsPerMinute < 1)
            yield return "Voltaxe:Doors:AgentsPerMinute must be at least 1";
        if (SignInsPerMinute < 1)
            yield return "Voltaxe:Doors:SignInsPerMinute must be at least 1";
    }
}

/// <summary>What eases the move from the seed's Sentinels.</summary>
public sealed record LegacyOptions
{
    /// <summary>Accept a legacy agent's token as <c>/legacy/&lt;token&gt;</c> in front of the seed's routes. Off by default: a bridge for migrating.</summary>
    public bool TokenInPath { get; init; }
}
