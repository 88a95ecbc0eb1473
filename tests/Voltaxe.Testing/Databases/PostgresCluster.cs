using System.Globalization;
using Voltaxe.Testing.Processes;

namespace Voltaxe.Testing.Databases;

/// <summary>
/// A throw-away PostgreSQL server: loopback and a port of its own, trust authentication, everything fsynced as in production.
/// One for the whole test process (<see cref="Shared"/>), a fresh database for each test; tests that crash the server make their own.
/// It is stopped and deleted at the end, also when the test run is killed.
/// </summary>
public sealed class PostgresCluster : IDisposable
{
    private static readonly Lazy<PostgresCluster> ForAll = new(() => new PostgresCluster());
    private static int databases;
    private readonly string folder;
    private readonly IDisposable will;

    public PostgresCluster()
    {
        if (Missing is { } missing)
            throw new InvalidOperationException($"This machine lacks {missing}; use NeedsFact(Needs.Postgres).");
        folder = Directory.CreateTempSubdirectory("vtx-pg-").FullName;
        if (Environment.IsPrivilegedProcess)
            Shell.Run("chown", "postgres", folder);
        // Last wills are carried out newest first, and this one does both steps in order.
        will = LastWill.Add($"{Line("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop")}; rm -rf -- {Shell.Quote(folder)}");
        Program("initdb", "-D", Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync");
        Port = FreePort.Next();
        File.AppendAllText(Path.Combine(Data, "postgresql.conf"), $"""

            listen_addresses = '127.0.0.1'
            port = {Port.ToString(CultureInfo.InvariantCulture)}
            unix_socket_directories = '{folder}'
            max_connections = 800
            shared_buffers = 64MB
            fsync = on
            synchronous_commit = on
            log_min_messages = warning

            """);
        Start();
    }

    /// <summary>The server of this test process, started at first use.</summary>
    public static PostgresCluster Shared => ForAll.Value;

    /// <summary>Why there can be none here, or null.</summary>
    public static string? Missing { get; } =
        !OperatingSystem.IsLinux() ? "Linux"
        : Binaries is null ? "PostgreSQL's server programs (package postgresql)"
        : Environment.IsPrivilegedProcess && Shell.TryRun("id", "-u", "postgres").ExitCode != 0 ? "the user postgres (initdb refuses root)"
        : null;

    public int Port { get; }

    /// <summary>What the server logged, for failures.</summary>
    public string Log => File.Exists(LogFile) ? File.ReadAllText(LogFile) : "";

    private static string? Binaries =>
        Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql")
                .Where(version => File.Exists(Path.Combine(version, "bin", "initdb")))
                .MaxBy(version => double.TryParse(Path.GetFileName(version), CultureInfo.InvariantCulture, out var number) ? number : 0) is { } newest
                ? Path.Combine(newest, "bin") : null
            : Machine.Find("initdb") is { } initdb ? Path.GetDirectoryName(initdb) : null;

    private string Data => Path.Combine(folder, "data");
    private string LogFile => Path.Combine(folder, "server.log");

    /// <summary>A new empty database; gives the connection string for Npgsql. Extra settings are appended as they are.</summary>
    public string NewDatabase(string extraSettings = "")
    {
        var name = $"voltaxe_{Environment.ProcessId}_{Interlocked.Increment(ref databases)}";
        Sql("postgres", $"CREATE DATABASE {name}");
        return $"Host=127.0.0.1;Port={Port};Username=postgres;Database={name};Include Error Detail=true;Connection Idle Lifetime=10;Connection Pruning Interval=5;{extraSettings}";
    }

    /// <summary>Runs SQL as psql does, and gives the rows as unaligned text: columns split by <c>|</c>, a row a line.</summary>
    public string Sql(string database, string sql) =>
        Shell.Run(Path.Combine(Binaries!, "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
            "-h", folder, "-p", Port.ToString(CultureInfo.InvariantCulture), "-U", "postgres", "-d", database, "-c", sql).TrimEnd('\n');

    /// <summary>Stops the server as a crash does: connections die, nothing is flushed. <see cref="Start"/> recovers it from its log.</summary>
    public void Crash() => Program("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");

    /// <summary>Starts it on the same port with the same data.</summary>
    public void Start() => Program("pg_ctl", "-D", Data, "-l", LogFile, "-w", "-t", "60", "start");

    public void Dispose()
    {
        Shell.TryRun("sh", "-c", Line("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop"));
        Directory.Delete(folder, recursive: true);
        will.Dispose();
    }

    /// <summary>Through files, not pipes: the server inherits pg_ctl's streams, and a pipe would stay open as long as it lives.</summary>
    private void Program(string program, params string[] arguments)
    {
        var words = Path.Combine(folder, program + ".out");
        var ran = Shell.TryRun("sh", "-c", $"{Line(program, arguments)} >{Shell.Quote(words)} 2>&1");
        if (ran.ExitCode != 0)
            throw new InvalidOperationException($"{program} ended with {ran.ExitCode}:\n{ran.Error}{(File.Exists(words) ? File.ReadAllText(words) : "")}\n{Log}");
    }

    private static string Line(string program, params string[] arguments)
    {
        var line = string.Join(' ', arguments.Prepend(Path.Combine(Binaries!, program)).Select(Shell.Quote));
        return Environment.IsPrivilegedProcess ? "cd / && runuser -u postgres -- " + line : "cd / && " + line;
    }
}
