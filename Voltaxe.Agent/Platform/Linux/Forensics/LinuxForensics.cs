namespace Voltaxe.Agent.Platform.Linux.Forensics;

/// <summary>Where a Linux host keeps what is collected, and how much of it counts.</summary>
public sealed record ForensicSources
{
    /// <summary>Folders that anyone may write to.</summary>
    public IReadOnlyList<string> TempFolders { get; init; } = ["/tmp", "/var/tmp", "/dev/shm"];

    /// <summary>Of the files there, those that were changed in this last span are taken whole; the others are listed.</summary>
    public TimeSpan Recent { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How much of the journal is taken.</summary>
    public TimeSpan Logs { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How many names a walk through folders lists.</summary>
    public int MaxNames { get; init; } = 10_000;

    /// <summary>The agent's state folder, which is never collected; null: there is none.</summary>
    public string? Own { get; init; }

    /// <summary>The accounts of this host.</summary>
    public string Accounts { get; init; } = "/etc/passwd";

    /// <summary>The process that has the host's own mounts: its first. A service or a container has others.</summary>
    public int First { get; init; } = 1;
}

/// <summary>Collects from a Linux host. Each item is a method of its own, in the order of the protocol's list.</summary>
public sealed partial class LinuxForensics(string bootId, ForensicSources sources, TimeProvider time) : IForensics
{
    private readonly HostFiles files = new(new Mounts(), sources.Own);
    private readonly HostPrograms programs = new(new Exec(), time);

    public IReadOnlyList<string> Collectors { get; } =
        ["processes", "sockets", "users", "sessions", "autoruns", "modules", "mounts", "temp_files", "network", "firewall", "logs", "packages"];

    public string GiveWay() => Yielding.GiveWay();

    public void Collect(string item, IEvidenceSink sink, CancellationToken ct)
    {
        switch (item)
        {
            case "processes": ProcessItems.Collect(sink, bootId, files.Mounts, Accounts.Read(sources.Accounts), ct); break;
            case "sockets": SocketItems.Collect(sink, ct); break;
            case "users": Users(sink, ct); break;
            case "sessions": Sessions(sink, ct); break;
            case "autoruns": Autoruns(sink, ct); break;
            case "modules": Modules(sink, ct); break;
            case "mounts": Mountings(sink, ct); break;
            case "temp_files": TempFiles(sink, ct); break;
            case "network": Network(sink, ct); break;
            case "firewall": Firewall(sink, ct); break;
            case "logs": Logs(sink, ct); break;
            case "packages": Packages(sink, ct); break;
            default: throw new ArgumentOutOfRangeException(nameof(item), item, "not among the collectors");
        }
    }

    private void Users(IEvidenceSink sink, CancellationToken ct)
    {
        // Not /etc/shadow: what passwords hash to is nobody's evidence.
        foreach (var path in (string[])["/etc/passwd", "/etc/group", "/etc/sudoers", "/etc/login.defs", "/etc/ssh/sshd_config"])
            files.Add(sink, path, ct);
        files.AddTrees(sink, ["/etc/sudoers.d"], sources.MaxNames, static _ => true, ct);
        foreach (var home in Accounts.Homes(sources.Accounts))
            files.Add(sink, home + "/.ssh/authorized_keys", ct);
    }

    private void Sessions(IEvidenceSink sink, CancellationToken ct)
    {
        programs.Add(sink, "who.txt", ct, "who", "-a");
        programs.Add(sink, "last.txt", ct, "last", "-F", "-w", "-n", "1000");
        programs.Add(sink, "lastb.txt", ct, "lastb", "-F", "-w", "-n", "1000");
        programs.AddOfSystemd(sink, "loginctl.txt", ct, "loginctl", "list-sessions", "--no-pager");
        foreach (var path in (string[])["/run/utmp", "/var/log/wtmp", "/var/log/btmp"])
            files.Add(sink, path, ct, FileEnd.End);
    }

    private void Modules(IEvidenceSink sink, CancellationToken ct)
    {
        KernelFiles.Add(sink, "/proc/modules", ct);
        KernelFiles.Add(sink, "/proc/sys/kernel/tainted", ct);
        KernelFiles.Add(sink, "/proc/version", ct);
        KernelFiles.Add(sink, "/proc/cmdline", ct);
    }

    private void Mountings(IEvidenceSink sink, CancellationToken ct)
    {
        KernelFiles.AddOf(sources.First, sink, "mountinfo", ct);
        KernelFiles.AddOf(sources.First, sink, "mounts", ct);
        KernelFiles.Add(sink, "/proc/swaps", ct);
    }

    private void TempFiles(IEvidenceSink sink, CancellationToken ct)
    {
        var since = time.GetUtcNow() - sources.Recent;
        files.AddTrees(sink, sources.TempFolders, sources.MaxNames, f => f.Touched >= since, ct);
    }

    private void Network(IEvidenceSink sink, CancellationToken ct)
    {
        if (programs.Add(sink, "addresses.json", ct, "ip", "-j", "address", "show"))
        {
            programs.Add(sink, "links.json", ct, "ip", "-j", "-s", "link", "show");
            programs.Add(sink, "routes4.json", ct, "ip", "-j", "-4", "route", "show", "table", "all");
            programs.Add(sink, "routes6.json", ct, "ip", "-j", "-6", "route", "show", "table", "all");
            programs.Add(sink, "rules.json", ct, "ip", "-j", "rule", "show");
            programs.Add(sink, "neighbours.json", ct, "ip", "-j", "neighbour", "show");
        }
        foreach (var path in (string[])["/proc/net/dev", "/proc/net/route", "/proc/net/ipv6_route", "/proc/net/if_inet6", "/proc/net/arp", "/proc/net/packet"])
            KernelFiles.Add(sink, path, ct);
        foreach (var path in (string[])["/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/run/systemd/resolve/resolv.conf", "/etc/nsswitch.conf"])
            files.Add(sink, path, ct);
    }

    private void Firewall(IEvidenceSink sink, CancellationToken ct)
    {
        programs.Add(sink, "nftables.txt", ct, "nft", "-a", "list", "ruleset");
        programs.Add(sink, "iptables.txt", ct, "iptables-save", "-c");
        programs.Add(sink, "ip6tables.txt", ct, "ip6tables-save", "-c");
        foreach (var path in (string[])["/etc/nftables.conf", "/etc/iptables/rules.v4", "/etc/iptables/rules.v6", "/etc/ufw/user.rules", "/etc/ufw/user6.rules"])
            files.Add(sink, path, ct);
    }

    private void Logs(IEvidenceSink sink, CancellationToken ct)
    {
        // Newest first: where not all of it fits, the old is left out.
        programs.Add(sink, "journal.jsonl", ct, "journalctl", "--since", $"-{(long)sources.Logs.TotalSeconds}s", "--reverse", "--output=json", "--no-pager", "--quiet");
        programs.Add(sink, "kernel.txt", ct, "dmesg", "--time-format", "iso");
        foreach (var name in (string[])["syslog", "messages", "auth.log", "secure", "kern.log", "cron", "daemon.log", "audit/audit.log", "dpkg.log", "apt/history.log", "dnf.log"])
            files.Add(sink, "/var/log/" + name, ct, FileEnd.End);
    }

    private void Packages(IEvidenceSink sink, CancellationToken ct)
    {
        programs.Add(sink, "dpkg.tsv", ct, "dpkg-query", "--show", "--showformat=${binary:Package}\\t${Version}\\t${Architecture}\\t${db:Status-Abbrev}\\n");
        programs.Add(sink, "rpm.tsv", ct, "rpm", "-qa", "--queryformat", "%{NAME}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{INSTALLTIME}\\n");
        programs.Add(sink, "pacman.txt", ct, "pacman", "-Q");
        programs.Add(sink, "apk.txt", ct, "apk", "info", "-v");
        programs.Add(sink, "snap.txt", ct, "snap", "list", "--all");
        programs.Add(sink, "flatpak.tsv", ct, "flatpak", "list", "--columns=application,version,origin,installation");
    }
}
