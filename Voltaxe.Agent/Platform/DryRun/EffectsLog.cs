using System.Globalization;
using System.Text;

namespace Voltaxe.Agent.Platform.DryRun;

/// <summary>
/// The host that a dry run pretends to change: a file with a durable line for every effect that was started, <c>time uid command detail</c>.
/// What the pretended host is like is read from the same lines, so that an effect and its trace cannot come apart in a crash.
/// </summary>
public sealed class EffectsLog(string path)
{
    private readonly Lock gate = new();
    private readonly List<Line> waiting = [];
    private List<Line>? lines;

    public sealed record Line(DateTimeOffset At, Guid Uid, string Command, string Detail);

    public IReadOnlyList<Line> Read()
    {
        lock (gate)
        {
            return [.. Known()];
        }
    }

    /// <summary>The last line that fits, or null.</summary>
    public Line? Last(Predicate<Line> fits)
    {
        lock (gate)
        {
            return Known().FindLast(fits);
        }
    }

    /// <summary>Returns when the line is on the disk; or why the disk does not take it. Then it counts until this process ends, and is written before the next one.</summary>
    public string? Append(Line line)
    {
        lock (gate)
        {
            Known().Add(line);
            waiting.Add(line);
            try
            {
                Write(string.Concat(waiting.Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.At:O} {l.Uid} {l.Command} {l.Detail}\n"))));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return e.Message;
            }
            waiting.Clear();
            return null;
        }
    }

    private void Write(string text)
    {
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        var end = file.Seek(0, SeekOrigin.End);
        var torn = end > 0 && LastByte(file) != '\n' ? "\n" : "";
        try
        {
            file.Write(Encoding.UTF8.GetBytes(torn + text));
            file.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            file.SetLength(end);
            throw;
        }
    }

    private List<Line> Known()
    {
        if (lines is not null)
            return lines;
        if (!File.Exists(path))
            return lines = [];
        // A line without its end was cut short by a crash: its effect did not happen.
        var text = File.ReadAllText(path);
        return lines = [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse).OfType<Line>()];
    }

    private static int LastByte(FileStream file)
    {
        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte();
    }

    private static Line? Parse(string text) => text.Split(' ', 4) is [var at, var uid, var command, var detail]
        && DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time) && Guid.TryParse(uid, out var id)
            ? new Line(time, id, command, detail)
            : null;
}
