using System.Data.Common;
using Npgsql;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Pipeline;

/// <summary>What an exception is called outside. Never its text: that is for the log.</summary>
public static class Failures
{
    public static Refusal Internal { get; } = new(500, "internal_error", "The hub failed; its log says why.");

    public static Refusal StorageUnavailable { get; } =
        new(503, "storage_unavailable", "The database cannot be reached or written. Nothing was changed; try again.");

    public static Refusal ToRefusal(Exception exception) => exception switch
    {
        StorageUnavailableException => StorageUnavailable,
        NpgsqlException and not PostgresException => StorageUnavailable,
        DbException { IsTransient: true } => StorageUnavailable,
        _ => Internal,
    };
}
