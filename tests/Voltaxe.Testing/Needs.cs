using Voltaxe.Testing.Databases;
using Voltaxe.Testing.Processes;
using Xunit;

namespace Voltaxe.Testing;

/// <summary>What a test needs beyond the .NET SDK. Where the machine has it not, the test is skipped and says why.</summary>
[Flags]
public enum Needs
{
    None = 0,
    Linux = 1,
    Root = 2,
    /// <summary>PostgreSQL's server programs.</summary>
    Postgres = 4,
    /// <summary>iproute2, and the right to make network namespaces.</summary>
    NetNamespaces = 8,
    /// <summary>nftables, usable inside a network namespace of our own.</summary>
    Nft = 16,
    /// <summary>chromium and chromedriver.</summary>
    Chromium = 32,
    /// <summary>strace, and the right to trace a child.</summary>
    Strace = 64,
    /// <summary>libfaketime (Debian's package faketime).</summary>
    FakeTime = 128,
    /// <summary>systemd-analyze; systemd itself need not run.</summary>
    SystemdAnalyze = 256,
    /// <summary>dpkg and dpkg-deb.</summary>
    Dpkg = 512,
    /// <summary>The right to make time namespaces.</summary>
    TimeNamespaces = 1024,
    Nginx = 2048,
    Caddy = 4096,
    Python = 8192,
}

/// <summary>A fact that is skipped, by name and with the reason, where the machine lacks what it needs.</summary>
public sealed class NeedsFactAttribute : FactAttribute
{
    public NeedsFactAttribute(Needs needs) => Skip = Machine.WhatIsMissing(needs);
}

/// <summary>As <see cref="NeedsFactAttribute"/>, for theories.</summary>
public sealed class NeedsTheoryAttribute : TheoryAttribute
{
    public NeedsTheoryAttribute(Needs needs) => Skip = Machine.WhatIsMissing(needs);
}

/// <summary>What this machine can do. Each probe runs at most once in a process, and really tries.</summary>
public static class Machine
{
    private static readonly Dictionary<Needs, Lazy<string?>> Probes = new()
    {
        [Needs.Linux] = new(() => OperatingSystem.IsLinux() ? null : "Linux"),
        [Needs.Root] = new(() => Environment.IsPrivilegedProcess ? null : "root"),
        [Needs.Postgres] = new(() => PostgresCluster.Missing),
        [Needs.NetNamespaces] = new(() => Works("ip", "-V", "iproute2") ?? Works("unshare", "--net true", "the right to make network namespaces (root)")),
        [Needs.Nft] = new(() => Works("unshare", "--net nft list ruleset", "nftables, usable in a network namespace (root)")),
        [Needs.Chromium] = new(() => Find("chromium") is null ? "chromium" : Find("chromedriver") is null ? "chromedriver (package chromium-driver)" : null),
        [Needs.FakeTime] = new(() => FakeTimeLibrary is null ? "libfaketime (package faketime)" : null),
        [Needs.SystemdAnalyze] = new(() => Works("systemd-analyze", "--version", "systemd-analyze (package systemd)")),
        [Needs.Dpkg] = new(() => Works("dpkg-deb", "--version", "dpkg-deb")),
        [Needs.TimeNamespaces] = new(() => Works("unshare", "--time --boottime 1 --fork true", "the right to make time namespaces (root)")),
        [Needs.Nginx] = new(() => Works("nginx", "-v", "nginx (package nginx-light)")),
        [Needs.Python] = new(() => Works("python3", "--version", "python3")),
        [Needs.Caddy] = new(() => Works("caddy", "version", "caddy")),
        [Needs.Strace] = new(() => Works("strace", "-o /dev/null true", "strace, and the right to trace a child")),
    };

    /// <summary>What to preload into a process that is to see another wall clock, or null.</summary>
    public static string? FakeTimeLibrary => !Directory.Exists("/usr/lib") ? null
        : Directory.EnumerateDirectories("/usr/lib").Select(folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists);

    /// <summary>A sentence that names what is missing, or null when nothing is.</summary>
    public static string? WhatIsMissing(Needs needs)
    {
        var missing = Probes.Where(p => needs.HasFlag(p.Key)).Select(p => p.Value.Value).OfType<string>().ToArray();
        return missing.Length == 0 ? null : "This machine lacks " + string.Join(" and ", missing);
    }

    /// <summary>The program's full path on PATH or in the system's folders of programs, or null.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Concat(["/usr/sbin", "/sbin", "/usr/bin", "/bin"])
        .Where(folder => folder.Length > 0)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    private static string? Works(string program, string arguments, string name) =>
        OperatingSystem.IsLinux() && Find(program) is { } path && Shell.TryRun(path, arguments.Split(' ')).ExitCode == 0 ? null : name;
}
