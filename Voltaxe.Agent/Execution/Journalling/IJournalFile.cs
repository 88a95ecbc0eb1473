namespace Voltaxe.Agent.Execution.Journalling;

/// <summary>The few things that a journal asks of a disk. Tests put a disk that fails behind it.</summary>
public interface IJournalFile : IDisposable
{
    byte[] ReadAll();

    void Write(ReadOnlySpan<byte> bytes, long offset);

    void Truncate(long length);

    /// <summary>Returns when everything written is on the disk. Throws when that is not certain.</summary>
    void Flush();
}
