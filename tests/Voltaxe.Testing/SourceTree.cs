namespace Voltaxe.Testing;

/// <summary>The repository that these tests were built from.</summary>
public static class SourceTree
{
    public static string Root { get; } = FindRoot();

    /// <summary><c>Debug</c> or <c>Release</c>: what the running tests were built as, and the product beside them.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent!.Name;

    /// <summary>A program of the product as it was built with these tests: <c>Built("Voltaxe.Hub")</c>.</summary>
    public static string Built(string project) => Path.Combine(Root, project, "bin", Configuration, "net10.0", project + ".dll");

    /// <summary>Files below a folder of the repository, as paths relative to the root with forward slashes; nothing that a build made.</summary>
    public static IEnumerable<string> Files(string folder, params string[] extensions) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Where(file => extensions.Length == 0 || extensions.Contains(Path.GetExtension(file)))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj" or ".git" or "TestResults" or "node_modules" or ".vs" or ".idea" or "_framework"));

    public static string Read(string relative) => File.ReadAllText(Path.Combine(Root, relative));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Voltaxe.sln")))
                return folder.FullName;
        }
        throw new DirectoryNotFoundException($"No Voltaxe.sln above {AppContext.BaseDirectory}");
    }
}
