using System.Runtime.InteropServices;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Platform;

namespace Voltaxe.Agent.CommandLine;

/// <summary>
/// <c>install</c> and <c>uninstall</c>: this very program as a hardened systemd service, with the units of the Debian package, for
/// hosts without that package. With <c>--root</c> only files are written, into another system's tree.
/// </summary>
internal sealed class InstallService(string root)
{
    private const string ProgramFolder = "usr/lib/voltaxe/agent", Units = "etc/systemd/system", Link = "usr/local/bin/voltaxe-agent",
        Config = "etc/voltaxe/agent.conf", State = "var/lib/voltaxe", DropIn = "50-dotnet.conf";

    private static readonly string[] UnitNames = ["voltaxe-agent-rules.service", "voltaxe-agent.service"];

    private readonly Exec exec = new();
    private readonly bool live = Path.GetFullPath(root) == "/";

    public static Task<int> InstallAsync(string root, CancellationToken ct) => GuardAsync(() => new InstallService(root).InstallAsync(ct));

    public static Task<int> UninstallAsync(string root, bool force, CancellationToken ct) => GuardAsync(() => new InstallService(root).UninstallAsync(force, ct));

    private static async Task<int> GuardAsync(Func<Task<int>> act)
    {
        if (!OperatingSystem.IsLinux())
        {
            await Console.Error.WriteLineAsync("only Linux with systemd");
            return ExitCodes.Refused;
        }
        try
        {
            return await act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCodes.Failed;
        }
    }

    private async Task<int> InstallAsync(CancellationToken ct)
    {
        if (WhyNot() is { } why)
        {
            await Console.Error.WriteLineAsync(why);
            return ExitCodes.Refused;
        }
        CopyProgram();
        var state = Directory.CreateDirectory(At(State));
        SetMode(state.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var unit in UnitNames)
        {
            WritePublic(Path.Combine(Units, unit), Resource(unit));
            WriteDropIn(unit);
        }
        if (!File.Exists(At(Config)))
            WritePublic(Config, Resource("agent.conf"));
        var enrolled = File.Exists(StateFolder.At(At(State)).EnrolmentFile);
        await SystemctlAsync(ct, "daemon-reload");
        await SystemctlAsync(ct, ["enable", .. UnitNames]);
        if (enrolled)
            await SystemctlAsync(ct, "restart", "voltaxe-agent.service");
        await Console.Out.WriteLineAsync(enrolled
            ? $"installed in {root}, and started"
            : $"installed in {root}. Not enrolled yet: voltaxe-agent enroll --hub URL --token T, then systemctl start voltaxe-agent");
        return ExitCodes.Done;
    }

    private async Task<int> UninstallAsync(bool force, CancellationToken ct)
    {
        if (IsPackaged)
        {
            await Console.Error.WriteLineAsync("this agent came as a package: apt remove voltaxe-agent");
            return ExitCodes.Refused;
        }
        if (!File.Exists(At(Path.Combine(Units, UnitNames[1]))))
        {
            await Console.Error.WriteLineAsync($"no voltaxe-agent.service in {At(Units)}");
            return ExitCodes.NotFound;
        }
        // Without its agent an isolated host would stay cut off with nobody to restore it, and be free after the next restart with nobody told.
        var isolation = StateFolder.At(At(State)).IsolationFile;
        var isolated = File.Exists(isolation);
        if (isolated && !force)
        {
            await Console.Error.WriteLineAsync("this host is isolated: restore it from the hub first, or with a release code (release --code C); --force frees it with its agent");
            return ExitCodes.Refused;
        }
        await SystemctlAsync(ct, ["disable", "--now", .. UnitNames]);
        if (isolated && live && await PutRulesBack.InvokeAsync(new AgentSettings(At(State), null, null, true, null, false), remove: true, ct) is not ExitCodes.Done and var failed)
            return failed;
        if (isolated)
            File.Delete(isolation);
        foreach (var unit in UnitNames)
        {
            File.Delete(At(Path.Combine(Units, unit)));
            if (Directory.Exists(At(Path.Combine(Units, unit + ".d"))))
                Directory.Delete(At(Path.Combine(Units, unit + ".d")), recursive: true);
        }
        File.Delete(At(Link));
        if (Directory.Exists(At(ProgramFolder)))
            Directory.Delete(At(ProgramFolder), recursive: true);
        await SystemctlAsync(ct, "daemon-reload");
        await Console.Out.WriteLineAsync($"uninstalled. {At(State)} and {At(Config)} are left; {(isolated ? "the isolation was taken away, and the hub is not told" : "this host was not isolated")}");
        return ExitCodes.Done;
    }

    private string? WhyNot()
    {
        if (IsPackaged)
            return "this agent is installed as a package already";
        if (live && !Environment.IsPrivilegedProcess)
            return "only root installs a service";
        return live && Exec.Find("systemctl") is null ? "there is no systemd here (no systemctl)" : null;
    }

    private bool IsPackaged => File.Exists(At("var/lib/dpkg/info/voltaxe-agent.list"));

    private string At(string path) => Path.Combine(Path.GetFullPath(root), path);

    /// <summary>One file where it was published as one, else the folder that the program is in.</summary>
    private void CopyProgram()
    {
        var folder = Directory.CreateDirectory(At(ProgramFolder));
        if (Path.GetFullPath(AppContext.BaseDirectory).TrimEnd('/') != folder.FullName)
        {
            if (IsOneFile)
                Copy(Environment.ProcessPath!, Path.Combine(folder.FullName, "Voltaxe.Agent"));
            else
                foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
                    Copy(file, Path.Combine(folder.FullName, Path.GetRelativePath(AppContext.BaseDirectory, file)));
        }
        if (!File.Exists(At(Path.Combine(ProgramFolder, "Voltaxe.Agent"))))
            throw new IOException($"{AppContext.BaseDirectory} holds no program Voltaxe.Agent: publish it, or build it with its host");
        Directory.CreateDirectory(Path.GetDirectoryName(At(Link))!);
        File.Delete(At(Link));
        File.CreateSymbolicLink(At(Link), "/" + ProgramFolder + "/Voltaxe.Agent");
    }

    /// <summary>Beside and then over it, so that a running program may be replaced.</summary>
    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to + ".next", overwrite: true);
        File.Move(to + ".next", to, overwrite: true);
    }

    private static bool IsOneFile => !File.Exists(Path.Combine(AppContext.BaseDirectory, "Voltaxe.Agent.dll"));

    /// <summary>A program that needs a .NET of the host is told where the one is that runs now.</summary>
    private void WriteDropIn(string unit)
    {
        var path = Path.Combine(Units, unit + ".d", DropIn);
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        if (!IsOneFile && File.Exists(Path.Combine(dotnet, "dotnet")))
            WritePublic(path, $"[Service]\nEnvironment=DOTNET_ROOT={dotnet}\n");
        else if (File.Exists(At(path)))
            File.Delete(At(path));
    }

    private void WritePublic(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        StateFolder.WriteAtomically(At(path), text);
        SetMode(At(path), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
    }

    private static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(InstallService).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    private async Task SystemctlAsync(CancellationToken ct, params string[] arguments)
    {
        if (!live)
            return;
        var ran = await exec.RunAsync("systemctl", arguments, null, ct);
        if (ran.ExitCode != 0)
            throw new PlatformException("systemctl", $"systemctl {string.Join(' ', arguments)}: {ran.Error}");
    }
}
