namespace Voltaxe.Agent.Configuration;

/// <summary>Addresses of hubs, as configured: one, or several separated by commas.</summary>
public static class HubUrls
{
    /// <summary>The addresses, or null with the fault.</summary>
    public static IReadOnlyList<Uri>? Parse(string text, out string? fault)
    {
        var urls = new List<Uri>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Uri.TryCreate(part, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Query.Length > 0 || url.Fragment.Length > 0 || url.UserInfo.Length > 0)
            {
                fault = $"'{part}' is not an address such as https://hub.example:8080";
                return null;
            }
            urls.Add(url);
        }
        fault = urls.Count == 0 ? "names no hub" : null;
        return urls.Count == 0 ? null : urls;
    }

    /// <summary>What somebody on the way can do to an address without TLS; null where nobody is on the way.</summary>
    public static string? WhyUnprotected(Uri hub) => hub.Scheme == "https" || hub.IsLoopback
        ? null
        : "http is not encrypted: everybody on the way can read the enrolment token and what this host reports, and can sign in as this host while a token lives. Use https";

    /// <summary>A route below a hub's address; a path in the address is kept.</summary>
    public static Uri At(Uri hub, string route) => new(hub.AbsoluteUri.TrimEnd('/') + route);
}
