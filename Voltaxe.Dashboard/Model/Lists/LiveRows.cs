using System.Diagnostics.CodeAnalysis;
using Voltaxe.Contracts.Operators;

namespace Voltaxe.Dashboard.Model.Lists;

/// <summary>Rows from a snapshot and the changes after it. Rows are whole; the latest wins, unless it is known to be older.</summary>
/// <param name="idOf">The same id that changes carry.</param>
/// <param name="isOlder">Whether the first picture of a row is older than the second; null: the latest to arrive wins.</param>
public sealed class LiveRows<T>(Func<T, string> idOf, Func<T, T, bool>? isOlder = null) where T : class
{
    private readonly Dictionary<string, T> rows = new(StringComparer.Ordinal);

    public int Count => rows.Count;

    public IReadOnlyCollection<T> All => rows.Values;

    public bool TryGet(string id, [MaybeNullWhen(false)] out T row) => rows.TryGetValue(id, out row);

    public void Reset(IEnumerable<T> snapshot)
    {
        rows.Clear();
        foreach (var row in snapshot)
            rows[idOf(row)] = row;
    }

    /// <returns>Whether anything is now different.</returns>
    public bool Apply(IEnumerable<LiveChange<T>> changes)
    {
        var changed = false;
        foreach (var change in changes)
            changed |= change.Row is { } row ? Put(change.Id, row) : rows.Remove(change.Id);
        return changed;
    }

    /// <summary>Keeps the first <paramref name="limit"/> in the given order: a list that only grows would fill the memory of a screen left open.</summary>
    public void Trim<TKey>(int limit, Func<T, TKey> newestFirst)
    {
        if (rows.Count <= limit)
            return;
        foreach (var row in rows.Values.OrderByDescending(newestFirst).Skip(limit).ToArray())
            rows.Remove(idOf(row));
    }

    public bool Put(string id, T row)
    {
        if (rows.TryGetValue(id, out var known) && (ReferenceEquals(known, row) || isOlder?.Invoke(row, known) == true))
            return false;
        rows[id] = row;
        return true;
    }
}
