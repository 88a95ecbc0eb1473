using Voltaxe.Testing;
using Voltaxe.Testing.Databases;

namespace Voltaxe.EndToEnd.Tests.Harness;

[Collection(RealProcesses.Name)]
public sealed class PostgresClusterTests
{
    [NeedsFact(Needs.Postgres)]
    public void A_crash_of_the_server_loses_nothing_that_was_committed()
    {
        using var cluster = new PostgresCluster();
        var database = cluster.NewDatabase().Split("Database=")[1].Split(';')[0];
        cluster.Sql(database, "CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2)");

        cluster.Crash();
        cluster.Start();

        Assert.Equal("2|3", cluster.Sql(database, "SELECT count(*), sum(n) FROM t"));
        Assert.Equal("on", cluster.Sql(database, "SHOW fsync"));
    }

    [NeedsFact(Needs.Postgres)]
    public void Every_test_gets_a_database_of_its_own()
    {
        Assert.NotEqual(PostgresCluster.Shared.NewDatabase(), PostgresCluster.Shared.NewDatabase());
    }
}
