namespace Voltaxe.Agent.Configuration;

/// <summary>What the command line said; null where it said nothing.</summary>
public sealed record Flags
{
    public string? State { get; init; }
    public string? Config { get; init; }
    public string? Api { get; init; }
    public string? Name { get; init; }
    public bool DryRun { get; init; }
}

/// <summary>Everything that can be configured. Flags beat the environment, which beats the file; the last word has what enrolment stored.</summary>
/// <param name="State">The state folder.</param>
/// <param name="HubUrls">Null: the hubs that enrolment stored.</param>
/// <param name="Name">The host name that the agent reports; null: the enrolled one.</param>
/// <param name="PollEnabled">Whether to poll while there is no socket.</param>
/// <param name="PollInterval">Null: what the hub asks for.</param>
public sealed record AgentSettings(string State, IReadOnlyList<Uri>? HubUrls, string? Name, bool PollEnabled, TimeSpan? PollInterval, bool DryRun)
{
    public NoticeSettings Notice { get; init; } = NoticeSettings.Default;

    public const string StateVariable = "VOLTAXE_STATE", ApiVariable = "VOLTAXE_API_URL",
        PollEnabledVariable = "COMMAND_POLL_ENABLED", PollIntervalVariable = "COMMAND_POLL_INTERVAL";

    /// <summary>How the hub's certificate is checked.</summary>
    public HubTrust Trust { get; init; } = HubTrust.System;

    /// <summary>Paths of executables; what runs them is not ended.</summary>
    public IReadOnlyList<string> ProtectedExecutables { get; init; } = [];

    /// <summary>What a collection may take.</summary>
    public EvidenceLimits Evidence { get; init; } = new();

    /// <summary>The folders that <c>temp_files</c> reads; null: the usual ones of the system.</summary>
    public IReadOnlyList<string>? TempFolders { get; init; }

    private const string DefaultConfig = "/etc/voltaxe/agent.conf";
    private const int MaxInterval = 3600, MaxMiB = 8192, MaxParts = 20_000, MaxMinutes = 90, MaxFolders = 32, MaxExecutables = 64;

    /// <summary>The settings, or every fault at once, each with the key that caused it.</summary>
    public static (AgentSettings? Settings, IReadOnlyList<string> Faults) Load(Flags flags, Func<string, string?> environment)
    {
        var faults = new List<string>();
        var file = ReadFile(flags.Config, faults);
        (string Value, string Key)? Find(string? flag, string flagName, string? variable, string? key) =>
            !string.IsNullOrWhiteSpace(flag) ? (flag, flagName)
            : variable is not null && environment(variable) is { Length: > 0 } fromEnvironment ? (fromEnvironment, variable)
            : key is not null && file.TryGetValue(key, out var fromFile) && fromFile.Length > 0 ? (fromFile, key) : null;

        IReadOnlyList<Uri>? hubs = null;
        if (Find(flags.Api, "-api", ApiVariable, "server:api_url") is { } api)
        {
            hubs = Configuration.HubUrls.Parse(api.Value, out var fault);
            if (fault is not null)
                faults.Add($"{api.Key}: {fault}");
        }
        var trust = HubTrust.System;
        if (Find(null, "", "VOLTAXE_CA_FILE", "server:ca_file") is { } authorities)
        {
            trust = trust with { Authorities = HubTrust.ReadAuthorities(authorities.Value, out var fault) };
            if ((fault ?? TrustedPath.WhyNot(authorities.Value)) is { } why)
                faults.Add($"{authorities.Key}: {why}");
        }
        if (Find(null, "", "VOLTAXE_PIN_SHA256", "server:pin_sha256") is { } pinned)
        {
            if (HubTrust.ReadPins(pinned.Value, out var fault) is { } pins)
                trust = trust with { Pins = pins };
            else
                faults.Add($"{pinned.Key}: {fault}");
        }
        var enabled = true;
        if (Find(null, "", PollEnabledVariable, "polling:enabled") is { } poll && !TryBool(poll.Value, out enabled))
            faults.Add($"{poll.Key}: must be true or false");
        int? Number(string variable, string key, int max, string what)
        {
            if (Find(null, "", variable, key) is not { } given)
                return null;
            if (int.TryParse(given.Value, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= max)
                return number;
            faults.Add($"{given.Key}: must be a whole number{what} from 1 to {max}");
            return null;
        }
        var notice = NoticeSettings.Default;
        if (Find(null, "", NoticeSettings.Variable, "notice:enabled") is { } told)
        {
            if (TryBool(told.Value, out var tell))
                notice = notice with { Enabled = tell };
            else
                faults.Add($"{told.Key}: must be true or false");
        }
        if (Find(null, "", null, "notice:contact") is { } contact)
            notice = notice with { Contact = Speakable(contact, faults) };
        if (Find(null, "", null, "notice:text") is { } text)
            notice = notice with { Text = Speakable(text, faults) };
        var interval = Number(PollIntervalVariable, "polling:interval_seconds", MaxInterval, " of seconds");
        var usual = new EvidenceLimits();
        var all = Number("VOLTAXE_FORENSICS_MAX_MIB", "forensics:max_mib", MaxMiB, " of MiB") * EvidenceLimits.MiB ?? usual.MaxBytes;
        // What is not given fits into what is.
        var item = Number("VOLTAXE_FORENSICS_MAX_ITEM_MIB", "forensics:max_item_mib", MaxMiB, " of MiB") * EvidenceLimits.MiB ?? Math.Min(usual.MaxItemBytes, all);
        var evidence = new EvidenceLimits
        {
            MaxBytes = all,
            MaxItemBytes = item,
            MaxPartBytes = Number("VOLTAXE_FORENSICS_MAX_PART_MIB", "forensics:max_part_mib", MaxMiB, " of MiB") * EvidenceLimits.MiB ?? Math.Min(usual.MaxPartBytes, item),
            MaxParts = Number("VOLTAXE_FORENSICS_MAX_PARTS", "forensics:max_parts", MaxParts, "") ?? usual.MaxParts,
            MaxTime = Number("VOLTAXE_FORENSICS_MAX_MINUTES", "forensics:max_minutes", MaxMinutes, " of minutes") is { } minutes ? TimeSpan.FromMinutes(minutes) : usual.MaxTime,
        };
        faults.AddRange(evidence.Faults());
        IReadOnlyList<string>? folders = null;
        if (Find(null, "", "VOLTAXE_FORENSICS_TEMP_FOLDERS", "forensics:temp_folders") is { } temporary)
            folders = Paths(temporary, MaxFolders, "folders", faults);
        IReadOnlyList<string> executables = Find(null, "", "VOLTAXE_PROTECT_EXECUTABLES", "protect:executables") is { } guarded
            ? Paths(guarded, MaxExecutables, "executables", faults)
            : [];
        if (flags.Name is { } name && !Contracts.Crypto.AgentIds.IsHostName(name))
            faults.Add("--name: must be letters, digits and -._, at most 253, no dot at the end, not shaped like an agent id");
        return faults.Count > 0
            ? (null, faults)
            : (new AgentSettings(Find(flags.State, "--state", StateVariable, null)?.Value ?? StateFolder.DefaultPath(), hubs, flags.Name, enabled,
                interval is { } i ? TimeSpan.FromSeconds(i) : null, flags.DryRun)
            { Evidence = evidence, Trust = trust, ProtectedExecutables = executables, Notice = notice, TempFolders = folders }, faults);
    }

    private static string[] Paths((string Value, string Key) setting, int most, string what, List<string> faults)
    {
        string[] paths = [.. setting.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];
        if (paths.Length == 0 || paths.Length > most)
            faults.Add($"{setting.Key}: must name 1 to {most} {what}, separated by commas");
        foreach (var path in paths.Where(f => !Path.IsPathRooted(f) || f.Split('/', '\\').Contains("..")))
            faults.Add($"{setting.Key}: '{path}' is not a whole path without '..', as /var/tmp is");
        return paths;
    }

    private static Dictionary<string, string> ReadFile(string? path, List<string> faults)
    {
        if (path is null && !File.Exists(DefaultConfig))
            return [];
        try
        {
            TrustedPath.Require(path ?? DefaultConfig);
            return IniFile.Parse(File.ReadAllText(path ?? DefaultConfig), faults);
        }
        catch (UntrustedPathException e)
        {
            faults.Add($"-config: {e.Message}");
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            faults.Add($"-config: {path ?? DefaultConfig} cannot be read: {e.Message}");
            return [];
        }
    }

    private static string Speakable((string Value, string Key) setting, List<string> faults)
    {
        if (setting.Value.Length > NoticeSettings.MaxChars || setting.Value.Any(char.IsControl))
            faults.Add($"{setting.Key}: must be at most {NoticeSettings.MaxChars} characters, without control characters");
        return setting.Value;
    }

    private static bool TryBool(string text, out bool value)
    {
        value = text.ToLowerInvariant() is "true" or "1" or "yes" or "on";
        return value || text.ToLowerInvariant() is "false" or "0" or "no" or "off";
    }
}
