using System.Text.RegularExpressions;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub;

/// <summary>Reads <see cref="HubOptions"/>, and says everything that is wrong at once.</summary>
public static partial class HubConfiguration
{
    public const string Section = "Voltaxe";

    /// <exception cref="HubConfigurationException">A setting cannot be used; every fault is named by its key.</exception>
    public static HubOptions Read(IConfiguration configuration)
    {
        var faults = new List<string>();
        var values = configuration.GetSection(Section).AsEnumerable().ToDictionary(p => p.Key, p => p.Value, StringComparer.OrdinalIgnoreCase);
        HubOptions? options = null;
        while (options is null)
        {
            try
            {
                var known = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
                options = known.GetSection(Section).Get<HubOptions>() ?? new HubOptions();
            }
            catch (InvalidOperationException e) when (FailedKey().Match(e.Message) is { Success: true } failed && values.Remove(failed.Groups[1].Value))
            {
                // The binder stops at the first value that has the wrong form; without it, the next one shows.
                faults.Add($"{failed.Groups[1].Value} has the wrong form");
            }
        }
        faults.AddRange(options.Faults());
        if (configuration[$"{Section}:{nameof(HubOptions.TrustedProxies)}"] is { Length: > 0 })
            faults.Add("Voltaxe:TrustedProxies is a list: Voltaxe:TrustedProxies:0, Voltaxe:TrustedProxies:1, …");
        try
        {
            if (configuration.GetConnectionString("Voltaxe") is { Length: > 0 } connection)
                PersistenceSetup.IsSqlite(connection);
        }
        catch (ArgumentException)
        {
            faults.Add("ConnectionStrings:Voltaxe must begin with 'Data Source=' (SQLite) or 'Host=' (PostgreSQL)");
        }
        return faults.Count == 0 ? options : throw new HubConfigurationException(faults);
    }

    /// <summary>Whether anything that the hub listens on, or is reached by, is TLS.</summary>
    public static bool UsesTls(IConfiguration configuration, HubOptions options) =>
        options.PublicUrl?.StartsWith("https://", StringComparison.OrdinalIgnoreCase) == true
        || configuration["urls"]?.Contains("https://", StringComparison.OrdinalIgnoreCase) == true
        || !string.IsNullOrEmpty(configuration["https_ports"])
        || configuration.GetSection("Kestrel:Endpoints").GetChildren().Any(e => e["Url"]?.StartsWith("https://", StringComparison.OrdinalIgnoreCase) == true);

    /// <summary>Whether the usual settings of ASP.NET Core already say where to listen.</summary>
    public static bool NamesAddress(IConfiguration configuration) =>
        !string.IsNullOrEmpty(configuration["urls"]) || !string.IsNullOrEmpty(configuration["http_ports"]) || !string.IsNullOrEmpty(configuration["https_ports"])
        || configuration.GetSection("Kestrel:Endpoints").GetChildren().Any();

    [GeneratedRegex("at '([^']+)'")]
    private static partial Regex FailedKey();
}

/// <summary>Settings that cannot be used; one line a fault.</summary>
public sealed class HubConfigurationException(IReadOnlyList<string> faults)
    : Exception("The settings cannot be used:\n" + string.Join('\n', faults.Select(f => "  " + f)))
{
    public IReadOnlyList<string> Faults => faults;
}
