namespace Voltaxe.Agent.Platform.Linux.Forensics;

public sealed partial class LinuxForensics
{
    /// <summary>What starts by itself: with the machine, at a time, with a session, or inside other programs.</summary>
    private static readonly string[] StartFolders =
    [
        "/etc/systemd", "/run/systemd/system", "/run/systemd/transient", "/run/systemd/generator", "/usr/lib/systemd/system", "/usr/lib/systemd/user", "/usr/local/lib/systemd",
        "/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly", "/var/spool/cron", "/var/spool/at",
        "/etc/init.d", "/etc/xdg/autostart", "/etc/profile.d", "/etc/zsh", "/etc/ld.so.conf.d", "/etc/modules-load.d", "/etc/modprobe.d", "/etc/udev/rules.d",
        "/etc/update-motd.d", "/etc/NetworkManager/dispatcher.d", "/etc/apt/apt.conf.d",
    ];

    private static readonly string[] StartFiles =
    [
        "/etc/crontab", "/etc/anacrontab", "/etc/ld.so.preload", "/etc/ld.so.conf", "/etc/rc.local", "/etc/inittab", "/etc/environment",
        "/etc/profile", "/etc/bash.bashrc", "/etc/bashrc", "/etc/zshrc", "/etc/zprofile", "/etc/modules",
    ];

    private static readonly string[] HomeFiles =
        [".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".profile", ".zshrc", ".zshenv", ".zprofile", ".zlogin", ".xprofile", ".xsession", ".config/fish/config.fish"];

    private static readonly string[] HomeFolders = [".config/systemd/user", ".config/autostart", ".config/environment.d"];

    private void Autoruns(IEvidenceSink sink, CancellationToken ct)
    {
        programs.Add(sink, "unit-files.txt", ct, "systemctl", "list-unit-files", "--no-pager", "--full");
        programs.AddOfSystemd(sink, "units.txt", ct, "systemctl", "list-units", "--all", "--no-pager", "--full", "--plain");
        programs.AddOfSystemd(sink, "timers.txt", ct, "systemctl", "list-timers", "--all", "--no-pager", "--full");
        foreach (var path in StartFiles)
            files.Add(sink, path, ct);
        string[] homes = [.. Accounts.Homes(sources.Accounts)];
        foreach (var file in homes.SelectMany(home => HomeFiles.Select(name => $"{home}/{name}")))
            files.Add(sink, file, ct);
        files.AddTrees(sink, [.. StartFolders, .. homes.SelectMany(home => HomeFolders.Select(name => $"{home}/{name}"))], sources.MaxNames, static _ => true, ct);
    }
}
