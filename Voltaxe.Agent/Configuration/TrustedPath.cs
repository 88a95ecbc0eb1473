using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Voltaxe.Agent.Configuration;

/// <summary>A file or folder that somebody else could have changed is not used.</summary>
public sealed class UntrustedPathException(string message) : IOException(message);

/// <summary>
/// Whether nobody but root and the user that this process runs as can have changed a file or folder: its owner, its mode, and those of every
/// folder above it. Checked on Linux; elsewhere only that it is no symbolic link.
/// </summary>
public static partial class TrustedPath
{
    private const int CurrentFolder = -100, NoFollow = 0x100;
    private const uint BasicStats = 0x7ff;
    private const int GroupWrite = 0x10, OtherWrite = 0x02, Sticky = 0x200;

    /// <summary>Does nothing where the path is not there.</summary>
    /// <exception cref="UntrustedPathException">It is not to be used, and why.</exception>
    public static void Require(string path)
    {
        if (WhyNot(path) is { } why)
            throw new UntrustedPathException(why);
    }

    /// <summary>Why the path is not to be used, or null. A path that is not there is nobody's.</summary>
    public static string? WhyNot(string path)
    {
        var whole = Path.GetFullPath(path);
        if (new FileInfo(whole).LinkTarget is not null)
            return $"{whole} is a symbolic link: whoever owns where it points decides what is in it. Use the path that it points to";
        if (!OperatingSystem.IsLinux() || Stat(whole) is not { } own)
            return null;
        if (!IsOurs(own.User))
            return $"{whole} belongs to user {own.User}, not to root or to the user that this runs as ({EffectiveUser()}): chown it";
        if ((own.Mode & (GroupWrite | OtherWrite)) != 0)
            return $"{whole} can be written by others (mode {Octal(own.Mode)}): chmod go-w it, and look at what is in it";
        for (var folder = Path.GetDirectoryName(RealPath(whole)); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (Stat(folder) is not { } above)
                continue;
            if (!IsOurs(above.User))
                return $"{folder}, above {whole}, belongs to user {above.User}, who could put another in its place";
            var byOthers = (above.Mode & OtherWrite) != 0 || (above.Mode & GroupWrite) != 0 && above.Group != 0 && above.Group != EffectiveGroup();
            if (byOthers && (above.Mode & Sticky) == 0)
                return $"{folder}, above {whole}, can be written by others (mode {Octal(above.Mode)}), who could put another in its place";
        }
        return null;
    }

    private static bool IsOurs(uint user) => user == 0 || user == EffectiveUser();

    private static string Octal(int mode) => Convert.ToString(mode & 0xfff, 8);

    /// <summary>With every link on the way resolved; the last part is none.</summary>
    private static string RealPath(string path)
    {
        var folder = Path.GetDirectoryName(path);
        if (folder is null)
            return path;
        var real = new DirectoryInfo(RealPath(folder));
        var target = real.LinkTarget is null ? null : real.ResolveLinkTarget(returnFinalTarget: true);
        return Path.Combine(target?.FullName ?? real.FullName, Path.GetFileName(path));
    }

    private static (uint User, uint Group, int Mode)? Stat(string path)
    {
        if (StatX(CurrentFolder, path, NoFollow, BasicStats, out var found) == 0)
            return (found.User, found.Group, found.Mode);
        var error = Marshal.GetLastPInvokeError();
        const int notThere = 2, noFolder = 20;
        return error is notThere or noFolder ? null : throw new UntrustedPathException($"whose {path} is cannot be seen: {new Win32Exception(error).Message}");
    }

    /// <summary>struct statx: the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Found
    {
        [FieldOffset(20)]
        public uint User;
        [FieldOffset(24)]
        public uint Group;
        [FieldOffset(28)]
        public ushort Mode;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, out Found found);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "getegid")]
    private static partial uint EffectiveGroup();
}
