using System.Text.RegularExpressions;

namespace Voltaxe.Hub.Accounts;

/// <summary>Names of users and tokens: they stand in the audit trail and on screens, so they are plain.</summary>
public static partial class Names
{
    public const string Rule = "must be 1 to 64 letters, digits or '-._@', and not a name that the hub uses itself";

    /// <summary>Who acts through the hub's command line.</summary>
    public const string CommandLine = "command-line";

    private static readonly string[] Reserved = [CommandLine, "hub", "anonymous", "agent", "operator"];

    public static bool Fits(string? name) => name is not null && Shape().IsMatch(name) && !Reserved.Contains(name, StringComparer.OrdinalIgnoreCase);

    [GeneratedRegex(@"^[A-Za-z0-9._@-]{1,64}\z")]
    private static partial Regex Shape();
}
