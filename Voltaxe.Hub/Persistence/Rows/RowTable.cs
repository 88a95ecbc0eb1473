using System.Collections.Concurrent;
using System.Data.Common;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace Voltaxe.Hub.Persistence.Rows;

/// <summary>A row in a unit of work, and the values that it came with.</summary>
internal sealed class Row<T>(RowTable<T> table, T entity) where T : class
{
    private readonly object?[] before = table.ValuesOf(entity);
    private ulong changes;

    public T Entity => entity;

    /// <summary>As of the last <see cref="Look"/>.</summary>
    public bool HasChanged => changes != 0;

    /// <summary>Finds out what has changed. The rest of the unit's life is about what was found here.</summary>
    public void Look() => changes = table.Changes(entity, before);

    public bool Changed(string property) => (changes & table.BitOf(property)) != 0;

    public RowUpdate Update() => table.UpdateOf(entity, before, changes);
}

/// <summary>One statement that writes one row. It must meet exactly one: another writer may have been faster.</summary>
internal sealed record RowUpdate(string Text, IReadOnlyList<(RelationalTypeMapping Type, object? Value)> Values);

/// <summary>
/// A table of the model as rows that come and go without EF Core's change tracker, which costs several times what the database does.
/// Columns, conversions and concurrency tokens are the model's.
/// </summary>
internal sealed class RowTable<T> where T : class
{
    private readonly Column[] columns;
    private readonly ConcurrentDictionary<ulong, string> updates = new();
    private readonly Dictionary<string, ulong> bits;
    private readonly string name;
    private readonly int key;
    private readonly int[] tokens;

    /// <exception cref="NotSupportedException">The entity has a column of a kind that this does not know.</exception>
    public RowTable(IModel model)
    {
        var type = model.FindEntityType(typeof(T))!;
        columns = [.. type.GetProperties().Select(p => new Column(p))];
        if (columns.Length > 64)
            throw new NotSupportedException($"{typeof(T).Name} has {columns.Length} columns; a mark of 64 bits says which have changed");
        bits = Enumerable.Range(0, columns.Length).ToDictionary(i => columns[i].Property.Name, i => 1UL << i);
        name = type.GetTableName()!;
        key = Array.FindIndex(columns, c => c.Property.IsPrimaryKey());
        tokens = [.. Enumerable.Range(0, columns.Length).Where(i => columns[i].Property.IsConcurrencyToken)];
        Select = $"SELECT {string.Join(", ", columns.Select(c => c.Name))} FROM {name}";
    }

    /// <summary>All columns; conditions follow.</summary>
    public string Select { get; }

    public T Read(DbDataReader reader)
    {
        var entity = (T)Activator.CreateInstance(typeof(T))!;
        for (var i = 0; i < columns.Length; i++)
            columns[i].Read(entity, reader, i);
        return entity;
    }

    public object?[] ValuesOf(T entity) => Array.ConvertAll(columns, c => c.Get(entity));

    public ulong BitOf(string property) => bits[property];

    public ulong Changes(T entity, object?[] before)
    {
        var changes = 0UL;
        for (var i = 0; i < columns.Length; i++)
        {
            if (!Equals(columns[i].Get(entity), before[i]))
                changes |= 1UL << i;
        }
        return changes;
    }

    public RowUpdate UpdateOf(T entity, object?[] before, ulong changes)
    {
        var changed = Enumerable.Range(0, columns.Length).Where(i => (changes & 1UL << i) != 0).ToList();
        var text = updates.GetOrAdd(changes, _ =>
            $"UPDATE {name} SET {string.Join(", ", changed.Select((c, n) => $"{columns[c].Name} = @p{n}"))} WHERE {columns[key].Name} = @p{changed.Count}"
            + string.Concat(tokens.Select((t, n) => $" AND {columns[t].Name} IS NOT DISTINCT FROM @p{changed.Count + 1 + n}")));
        return new RowUpdate(text,
        [
            .. changed.Select(i => (columns[i].Type, columns[i].Get(entity))),
            (columns[key].Type, before[key]),
            .. tokens.Select(i => (columns[i].Type, before[i])),
        ]);
    }

    private sealed class Column
    {
        private readonly Func<T, object?> get;
        private readonly Action<T, object> set;
        private readonly Func<DbDataReader, int, object> read;

        public Column(IProperty property)
        {
            Property = property;
            Name = property.GetColumnName();
            Type = property.GetRelationalTypeMapping();
            var member = property.PropertyInfo ?? throw new NotSupportedException($"{property.Name} is no property of {typeof(T).Name}");
            var (entity, value) = (Expression.Parameter(typeof(T)), Expression.Parameter(typeof(object)));
            get = Expression.Lambda<Func<T, object?>>(Expression.Convert(Expression.Property(entity, member), typeof(object)), entity).Compile();
            set = Expression.Lambda<Action<T, object>>(Expression.Call(entity, member.SetMethod!, Expression.Convert(value, member.PropertyType)), entity, value).Compile();
            var stored = Type.Converter?.ProviderClrType ?? Type.ClrType;
            read = stored == typeof(string) ? static (r, i) => r.GetString(i)
                : stored == typeof(long) ? static (r, i) => r.GetInt64(i)
                : stored == typeof(int) ? static (r, i) => r.GetInt32(i)
                : stored == typeof(bool) ? static (r, i) => r.GetBoolean(i)
                : stored == typeof(Guid) ? static (r, i) => r.GetGuid(i)
                : stored == typeof(DateTimeOffset) ? static (r, i) => r.GetFieldValue<DateTimeOffset>(i)
                : throw new NotSupportedException($"{typeof(T).Name}.{property.Name} is stored as {stored.Name}");
        }

        public IProperty Property { get; }
        public string Name { get; }
        public RelationalTypeMapping Type { get; }

        public object? Get(T entity) => get(entity);

        public void Read(T entity, DbDataReader reader, int ordinal)
        {
            if (reader.IsDBNull(ordinal))
                return;
            var value = read(reader, ordinal);
            set(entity, Type.Converter is { } converter ? converter.ConvertFromProvider(value)! : value);
        }
    }
}
