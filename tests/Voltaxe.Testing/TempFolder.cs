using Voltaxe.Testing.Processes;

namespace Voltaxe.Testing;

/// <summary>A folder of its own for one test, gone afterwards, also when the test run is killed.</summary>
public sealed class TempFolder : IDisposable
{
    private readonly IDisposable will;

    public TempFolder(string what = "test")
    {
        Root = Directory.CreateTempSubdirectory($"vtx-{what}-").FullName;
        will = LastWill.Add($"rm -rf -- {Shell.Quote(Root)}");
    }

    public string Root { get; }

    public string File(string name) => Path.Combine(Root, name);

    /// <summary>A folder in it, made if need be.</summary>
    public string Folder(string name) => Directory.CreateDirectory(Path.Combine(Root, name)).FullName;

    public void Dispose()
    {
        // A process that was just killed may still be letting go of its files.
        for (var attempt = 1; Directory.Exists(Root); attempt++)
        {
            try
            {
                Directory.Delete(Root, recursive: true);
            }
            catch (IOException) when (attempt < 5)
            {
                Thread.Yield();
            }
        }
        will.Dispose();
    }

    public override string ToString() => Root;
}
