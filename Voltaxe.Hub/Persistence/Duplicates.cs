using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Voltaxe.Hub.Persistence;

/// <summary>Two writers wanted the same name or key at once and the database let one of them.</summary>
public static class Duplicates
{
    private const int SqliteConstraint = 19;

    public static bool IsDuplicate(this DbUpdateException exception) => exception.GetBaseException()
        is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } or SqliteException { SqliteErrorCode: SqliteConstraint };
}
