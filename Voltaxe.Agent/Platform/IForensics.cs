using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Agent.Platform;

/// <summary>Reads what the host shows. Changes nothing on it.</summary>
public interface IForensics
{
    /// <summary>Which of <see cref="CommandParams.Collectors"/> it has.</summary>
    IReadOnlyList<string> Collectors { get; }

    /// <summary>
    /// Makes the calling thread, and the programs that it starts, give way to everything else on the host. Says how far that went.
    /// </summary>
    string GiveWay();

    /// <summary>Reads one item into the sink. Blocks its thread. What cannot be read is told to the sink, too; throws only when nothing more can be said.</summary>
    void Collect(string item, IEvidenceSink sink, CancellationToken ct);
}

/// <summary>Takes evidence piece by piece. Writes down of each piece how it was got, how large it is and what it hashes to, or why it is not there.</summary>
public interface IEvidenceSink
{
    /// <summary>
    /// One piece. What <paramref name="write"/> throws because of the host (I/O, rights, a program that fails) is the piece's error; what was
    /// taken before that is kept.
    /// </summary>
    /// <param name="name">What to call it: the sink makes a safe file name of it.</param>
    /// <param name="source">Where on the host it comes from: a path, or a command line.</param>
    /// <param name="how">How it is read.</param>
    void Add(string name, string source, string how, Action<IEvidencePart> write);

    /// <summary>A piece that is not taken.</summary>
    void Omit(string source, Omission what, string why);
}

/// <summary>Why a piece is not taken.</summary>
public enum Omission
{
    /// <summary>It could not be read: the item is incomplete.</summary>
    Error,
    /// <summary>It is nothing whose content is read: a link, a pipe, a device.</summary>
    Refused,
    /// <summary>This host has no such thing.</summary>
    Absent,
}

/// <summary>A piece while it is written. What does not fit under the caps is left out, and the piece says so.</summary>
public interface IEvidencePart
{
    /// <summary>How many bytes still fit.</summary>
    long Room { get; }

    /// <summary>Takes what fits. False: not all of it did.</summary>
    bool Take(ReadOnlySpan<byte> bytes);

    /// <summary>Takes all of it or nothing, so that no line is torn. False: it did not fit.</summary>
    bool TakeWhole(ReadOnlySpan<byte> bytes);

    /// <summary>Something was left out for another reason than its size.</summary>
    void Cut(string why);

    /// <summary>A fact about the source, for the manifest.</summary>
    void Note(string fact, JsonNode value);
}

/// <summary>Nothing more can be written: the disk is full or broken. Ends a collection, unlike what goes wrong at one source.</summary>
public sealed class EvidenceUnwritableException(string message, Exception inner) : Exception(message, inner);
