using System.Text.Json.Nodes;

namespace Voltaxe.Agent.Platform.Linux.Forensics;

/// <summary>Which end of a file counts when not all of it fits.</summary>
internal enum FileEnd { Beginning, End }

/// <summary>A name that a walk came by.</summary>
/// <param name="Path">From the root.</param>
/// <param name="WhyNotRead">Null for what can be read.</param>
internal sealed record Found(byte[] Path, FileFacts Facts, string? Target, string? WhyNotRead)
{
    public string Source => HostNames.Encode(Path);
    public DateTimeOffset Touched => Facts.Modified > Facts.Changed ? Facts.Modified : Facts.Changed;
}

/// <summary>Takes files and whole folders of the host into evidence, following nothing.</summary>
/// <param name="own">The agent's own folder, left out: it holds its key, and the evidence that is being made.</param>
internal sealed class HostFiles(Mounts mounts, string? own)
{
    private const int MaxDepth = 32;
    private const int BufferBytes = 128 * 1024;

    private readonly (ulong Inode, string Device)? ownFolder = own is null ? null : Identify(own, mounts);

    public Mounts Mounts => mounts;

    /// <summary>One file, if it is there.</summary>
    public void Add(IEvidenceSink sink, string path, CancellationToken ct, FileEnd end = FileEnd.Beginning) => Add(sink, System.Text.Encoding.UTF8.GetBytes(path), ct, end);

    public void Add(IEvidenceSink sink, ReadOnlySpan<byte> path, CancellationToken ct, FileEnd end = FileEnd.Beginning)
    {
        ct.ThrowIfCancellationRequested();
        var source = HostNames.Encode(path);
        using var file = HostFile.Open(path, mounts, out var miss);
        if (file is null)
            sink.Omit(source, miss!.What, miss.Why);
        else if (file.WhyNotRead is { } whyNot)
            sink.Omit(source, Omission.Refused, whyNot);
        else if (file.IsFolder)
            sink.Omit(source, Omission.Refused, "a folder, not a file");
        else
            Copy(sink, file, source, end, ct);
    }

    /// <summary>
    /// All names below these folders, as a list; and of the files that are wanted the content, the last changed first.
    /// </summary>
    /// <param name="atMost">How many names the list holds.</param>
    public void AddTrees(IEvidenceSink sink, IReadOnlyList<string> roots, int atMost, Func<Found, bool> wanted, CancellationToken ct)
    {
        var found = new List<Found>();
        string? cut = null;
        foreach (var root in roots)
            cut = Walk(sink, System.Text.Encoding.UTF8.GetBytes(root), found, atMost, ct) ?? cut;
        // That folders are empty is something to know, too.
        if (found.Count > 0 || roots.Any(Directory.Exists))
        {
            sink.Add("listing.jsonl", string.Join(' ', roots), "names and inodes of the folders, nothing followed", part =>
            {
                if (cut is not null)
                    part.Cut(cut);
                foreach (var entry in found)
                {
                    if (!part.TakeWhole(Json.Line(Describe(entry))))
                        break;
                }
            });
        }
        foreach (var entry in found.Where(f => f.WhyNotRead is not null))
            sink.Omit(entry.Source, Omission.Refused, entry.WhyNotRead!);
        foreach (var entry in found.Where(f => f.Facts.Type == FileFacts.Regular && f.WhyNotRead is null && wanted(f)).OrderByDescending(f => f.Touched))
            Add(sink, entry.Path, ct);
    }

    /// <summary>Broad before deep, so that one deep folder does not hide the others. Null, or why it ended early.</summary>
    private string? Walk(IEvidenceSink sink, byte[] root, List<Found> found, int atMost, CancellationToken ct)
    {
        var folders = new Queue<(byte[] Path, int Depth)>([(root, 0)]);
        while (folders.TryDequeue(out var next))
        {
            ct.ThrowIfCancellationRequested();
            using var folder = HostFile.Open(next.Path, mounts, out var miss);
            if (folder is null || !folder.IsFolder || folder.WhyNotRead is not null)
            {
                sink.Omit(HostNames.Encode(next.Path), miss?.What ?? Omission.Refused, miss?.Why ?? folder!.WhyNotRead ?? "no folder");
                continue;
            }
            if (folder.Names(atMost, out var more, out var whyNot) is not { } names)
            {
                sink.Omit(HostNames.Encode(next.Path), Omission.Error, whyNot!);
                continue;
            }
            foreach (var name in names)
            {
                ct.ThrowIfCancellationRequested();
                if (found.Count >= atMost)
                    return $"more than {atMost} names: the rest was not looked at";
                var path = HostNames.Join(next.Path, name);
                using var entry = HostFile.Open(path, mounts, out miss);
                if (entry is null)
                    sink.Omit(HostNames.Encode(path), miss!.What, miss.Why);
                else if (ownFolder is { } mine && entry.Facts.Inode == mine.Inode && entry.Facts.Device == mine.Device)
                    sink.Omit(HostNames.Encode(path), Omission.Refused, "the agent's own state folder");
                else
                {
                    found.Add(new Found(path, entry.Facts, entry.Target, entry.WhyNotRead));
                    if (entry is { IsFolder: true, WhyNotRead: null })
                    {
                        if (next.Depth < MaxDepth)
                            folders.Enqueue((path, next.Depth + 1));
                        else
                            sink.Omit(HostNames.Encode(path), Omission.Error, $"more than {MaxDepth} folders deep: not looked into");
                    }
                }
            }
            if (more)
                return $"more than {atMost} names in {HostNames.Encode(next.Path)}: the rest was not looked at";
        }
        return null;
    }

    private static void Copy(IEvidenceSink sink, HostFile file, string source, FileEnd end, CancellationToken ct)
    {
        var facts = file.Facts;
        sink.Add(source[(source.LastIndexOf('/') + 1)..], source, $"regular file on {file.FileSystem}, opened without following anything", part =>
        {
            part.Note("source_bytes", facts.Size);
            if (facts.Allocated < facts.Size)
                part.Note("source_allocated_bytes", facts.Allocated);
            part.Note("modified", Contracts.Json.WireTime.ToText(facts.Modified));
            part.Note("changed", Contracts.Json.WireTime.ToText(facts.Changed));
            part.Note("owner", facts.Owner);
            part.Note("mode", Mode(facts));
            if (facts.Links > 1)
                part.Note("hard_links", facts.Links);
            using var content = file.OpenContent();
            var offset = end == FileEnd.End ? Math.Max(0, facts.Size - part.Room) : 0;
            if (offset > 0)
            {
                part.Note("from_byte", offset);
                part.Cut($"only the end of it: {part.Room} of {facts.Size} bytes");
            }
            var buffer = new byte[BufferBytes];
            while (RandomAccess.Read(content, buffer, offset) is var read and > 0)
            {
                ct.ThrowIfCancellationRequested();
                if (!part.Take(buffer.AsSpan(0, read)))
                    break;
                offset += read;
            }
        });
    }

    private static JsonObject Describe(Found found)
    {
        var facts = found.Facts;
        var entry = new JsonObject
        {
            ["path"] = found.Source,
            ["type"] = facts.TypeName,
            ["mode"] = Mode(facts),
            ["uid"] = facts.Owner,
            ["gid"] = facts.Group,
            ["links"] = facts.Links,
            ["size"] = facts.Size,
            ["allocated"] = facts.Allocated,
            ["modified"] = Contracts.Json.WireTime.ToText(facts.Modified),
            ["changed"] = Contracts.Json.WireTime.ToText(facts.Changed),
            ["inode"] = facts.Inode,
        };
        if (found.Target is { } target)
            entry["target"] = target;
        return entry;
    }

    private static string Mode(FileFacts facts) => Convert.ToString(facts.Permissions, 8).PadLeft(4, '0');

    private static (ulong, string)? Identify(string path, Mounts mounts)
    {
        using var folder = HostFile.Open(path, mounts, out _);
        return folder is null ? null : (folder.Facts.Inode, folder.Facts.Device);
    }
}

/// <summary>Lists as JSON, one object a line.</summary>
internal static class Json
{
    public static byte[] Line(JsonNode node) => [.. System.Text.Encoding.UTF8.GetBytes(node.ToJsonString()), (byte)'\n'];
}
