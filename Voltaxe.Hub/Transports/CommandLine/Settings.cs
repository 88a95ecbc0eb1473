using System.Text.RegularExpressions;

namespace Voltaxe.Hub.Transports.CommandLine;

/// <summary>Arguments that are settings, as <c>--Voltaxe:PollSeconds=5</c>, apart from those that are commands and options.</summary>
public static partial class Settings
{
    public static (string[] Own, string[] Settings) Split(string[] args) =>
        ([.. args.Where(a => !Shape().IsMatch(a))], [.. args.Where(a => Shape().IsMatch(a))]);

    [GeneratedRegex("^--[A-Za-z]+(:[A-Za-z0-9_.]+)+=")]
    private static partial Regex Shape();
}
