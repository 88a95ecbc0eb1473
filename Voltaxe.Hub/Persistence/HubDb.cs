using System.Linq.Expressions;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Commands;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Persistence;

/// <summary>
/// The whole model: tables, indexes and the CHECKs that refuse what <see cref="CommandLifecycle"/> refuses. Words instead of
/// numbers, snake_case columns, so that the queue can be read with plain SQL.
/// </summary>
public abstract class HubDb(DbContextOptions options) : IdentityUserContext<HubUser>(options)
{
    public DbSet<Command> Commands => Set<Command>();
    public DbSet<Agent> Agents => Set<Agent>();
    public DbSet<RetiredEpoch> RetiredEpochs => Set<RetiredEpoch>();
    public DbSet<RetiredInstance> RetiredInstances => Set<RetiredInstance>();
    public DbSet<IdempotentAnswer> IdempotentAnswers => Set<IdempotentAnswer>();
    public DbSet<EvidenceFile> Evidence => Set<EvidenceFile>();
    public DbSet<CommandProgress> Progress => Set<CommandProgress>();
    public DbSet<AuditEntry> Audit => Set<AuditEntry>();
    public DbSet<OperatorToken> OperatorTokens => Set<OperatorToken>();
    public DbSet<AgentToken> AgentTokens => Set<AgentToken>();
    public DbSet<EnrolmentToken> EnrolmentTokens => Set<EnrolmentToken>();
    public DbSet<Enrolment> Enrolments => Set<Enrolment>();
    public DbSet<OperatorSession> Sessions => Set<OperatorSession>();
    public DbSet<UsedAssertion> UsedAssertions => Set<UsedAssertion>();

    internal const string Open = "status IN ('awaiting_approval', 'pending', 'delivered')";
    internal const string OpenIndex = "ix_pending_commands_open", GivenUpIndex = "ix_pending_commands_given_up";
    internal const string GivenUp = "status = 'unknown' AND NOT agent_made";

    /// <summary>
    /// Commands that are not terminal. Every question about them begins here: SQLite takes the small indexes over <see cref="Open"/> only
    /// when a condition says the same in the same order, and else reads the whole history.
    /// </summary>
    public IQueryable<Command> OpenCommands => Commands.Where(IsOpen);

    public static readonly Expression<Func<Command, bool>> IsOpen =
        c => c.Status == CommandStatus.AwaitingApproval || c.Status == CommandStatus.Pending || c.Status == CommandStatus.Delivered;

    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        model.Entity<Command>(e =>
        {
            e.ToTable("pending_commands", t =>
            {
                t.HasCheckConstraint("ck_commands_status", $"status IN ({Quoted<CommandStatus>()})");
                t.HasCheckConstraint("ck_commands_priority", "priority BETWEEN 0 AND 10");
                t.HasCheckConstraint("ck_commands_untouched", "status NOT IN ('awaiting_approval', 'pending', 'denied') OR (attempt = 0 AND delivered_at IS NULL AND received_at IS NULL AND started_at IS NULL AND executed_at IS NULL)");
                t.HasCheckConstraint("ck_commands_handed_out", "status <> 'delivered' OR (attempt > 0 AND delivered_at IS NOT NULL AND seq IS NOT NULL AND handed_out_at IS NOT NULL)");
                t.HasCheckConstraint("ck_commands_finished", $"({Open}) = (finished_at IS NULL)");
                t.HasCheckConstraint("ck_commands_not_handed_out_ends", "status NOT IN ('cancelled', 'expired', 'superseded') OR attempt = 0 OR agent_made");
                t.HasCheckConstraint("ck_commands_reported", "status NOT IN ('executed', 'failed', 'rejected') OR (agent_made AND attempt > 0 AND result IS NOT NULL)");
                t.HasCheckConstraint("ck_commands_unknown", "(status = 'unknown') = (unknown_why IS NOT NULL) AND (status <> 'unknown' OR attempt > 0)");
                t.HasCheckConstraint("ck_commands_signed", "(seq IS NULL) = (payload IS NULL) AND (seq IS NULL) = (signature IS NULL) AND (seq IS NULL) = (expires_at IS NULL)");
                t.HasCheckConstraint("ck_commands_executed_at", "executed_at IS NULL OR status IN ('executed', 'failed')");
            });
            e.HasKey(c => c.Id);
            e.Property(c => c.Id).ValueGeneratedNever();
            e.Property(c => c.Name).HasColumnName("command");
            e.Property(c => c.Params).HasColumnType("json");
            e.Property(c => c.Result).HasColumnType("json");
            e.Property(c => c.Priority).HasDefaultValue(5).ValueGeneratedNever();
            e.Property(c => c.Status).IsConcurrencyToken();
            e.Property(c => c.Attempt).IsConcurrencyToken();
            e.Property(c => c.CancelRequestedAt).IsConcurrencyToken();
            e.Ignore(c => c.Lane).Ignore(c => c.IsNetwork).Ignore(c => c.IsTerminal).Ignore(c => c.IsDue).Ignore(c => c.IsGivenUp).Ignore(c => c.IsAskedToEnd);
            e.HasIndex(c => c.Uid).IsUnique();
            e.HasIndex(c => c.AgentId).HasFilter(Open).HasDatabaseName(OpenIndex);
            e.HasIndex(c => c.AgentId, GivenUpIndex).HasFilter(GivenUp);
            e.HasIndex(c => new { c.AgentId, c.Id });
            e.HasIndex(c => new { c.Hostname, c.Status });
            e.HasIndex(c => c.Status).HasFilter(Open).HasDatabaseName("ix_pending_commands_status_open");
            e.HasIndex(c => c.BatchId).HasFilter("batch_id IS NOT NULL");
            e.HasIndex(c => c.FinishedAt).HasFilter("finished_at IS NOT NULL");
            e.HasOne<Agent>().WithMany().HasForeignKey(c => c.AgentId).OnDelete(DeleteBehavior.Restrict);
        });
        model.Entity<Agent>(e =>
        {
            e.ToTable("agents");
            e.HasKey(a => a.Id);
            e.Ignore(a => a.Drifts);
            e.HasIndex(a => a.HostnameKey).IsUnique().HasFilter("revoked_at IS NULL");
        });
        model.Entity<RetiredEpoch>(e => e.ToTable("retired_epochs").HasKey(r => new { r.AgentId, r.Epoch }));
        model.Entity<RetiredInstance>(e => e.ToTable("retired_instances").HasKey(r => new { r.AgentId, r.Instance }));
        model.Entity<IdempotentAnswer>(e =>
        {
            e.ToTable("idempotent_answers").HasKey(i => new { i.Operator, i.Key });
            e.HasIndex(i => i.CreatedAt);
        });
        model.Entity<EvidenceFile>(e =>
        {
            e.ToTable("evidence", t =>
            {
                t.HasCheckConstraint("ck_evidence_received", "size > 0 AND received BETWEEN 0 AND size");
                t.HasCheckConstraint("ck_evidence_complete", "(completed_at IS NOT NULL) = (received = size)");
                t.HasCheckConstraint("ck_evidence_replaced", "replaced_at IS NULL OR completed_at IS NOT NULL");
                t.HasCheckConstraint("ck_evidence_sha256", "length(sha256) = 64");
            });
            e.HasKey(f => f.Id);
            e.Ignore(f => f.IsComplete);
            e.Property(f => f.Received).IsConcurrencyToken();
            e.HasIndex(f => new { f.CommandId, f.Name }).IsUnique().HasFilter("replaced_at IS NULL");
            e.HasIndex(f => f.CommandId);
            e.HasIndex(f => f.AgentId);
            // A command stays as long as its evidence: what was collected must never lie there without why.
            e.HasOne<Command>().WithMany().HasForeignKey(f => f.CommandId).OnDelete(DeleteBehavior.Restrict);
            e.HasOne<Agent>().WithMany().HasForeignKey(f => f.AgentId).OnDelete(DeleteBehavior.Restrict);
        });
        model.Entity<CommandProgress>(e =>
        {
            e.ToTable("command_progress", t => t.HasCheckConstraint("ck_command_progress_percent", "percent BETWEEN 0 AND 100")).HasKey(p => p.CommandId);
            e.Property(p => p.CommandId).ValueGeneratedNever();
            e.HasOne<Command>().WithOne().HasForeignKey<CommandProgress>(p => p.CommandId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<AuditEntry>(e =>
        {
            e.ToTable("audit").HasKey(a => a.Id);
            e.Property(a => a.Id).ValueGeneratedOnAdd();
            e.Property(a => a.Detail).HasColumnType("json");
            e.HasIndex(a => a.At);
            e.HasIndex(a => a.Once).IsUnique().HasFilter("once IS NOT NULL");
        });
        model.Entity<OperatorToken>(e => e.ToTable("operator_tokens").HasKey(t => t.Id));
        model.Entity<AgentToken>(e =>
        {
            e.ToTable("agent_tokens").HasKey(t => t.Hash);
            e.HasIndex(t => t.AgentId);
            e.HasIndex(t => t.ExpiresAt);
        });
        model.Entity<EnrolmentToken>(e => e.ToTable("enrolment_tokens", t => t.HasCheckConstraint("ck_enrolment_tokens_uses", "uses_left >= 0")).HasKey(t => t.Hash));
        model.Entity<Enrolment>(e => e.ToTable("enrolments").HasKey(t => new { t.TokenHash, t.AgentId }));
        model.Entity<UsedAssertion>(e =>
        {
            e.ToTable("used_assertions").HasKey(t => new { t.AgentId, t.Jti });
            e.HasIndex(t => t.ExpiresAt);
        });
        model.Entity<OperatorSession>(e =>
        {
            e.ToTable("sessions").HasKey(s => s.Id);
            e.HasIndex(s => s.LastSeenAt);
        });
        model.Entity<HubUser>(e => e.ToTable("users"));
        model.Entity<Microsoft.AspNetCore.Identity.IdentityUserClaim<string>>(e => e.ToTable("user_claims"));
        model.Entity<Microsoft.AspNetCore.Identity.IdentityUserLogin<string>>(e => e.ToTable("user_logins"));
        model.Entity<Microsoft.AspNetCore.Identity.IdentityUserToken<string>>(e => e.ToTable("user_tokens"));
        foreach (var entity in model.Model.GetEntityTypes())
        {
            foreach (var property in entity.GetProperties().Where(p => !(entity.ClrType == typeof(Command) && p.Name == nameof(Command.Name))))
                property.SetColumnName(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
            foreach (var index in entity.GetIndexes().Where(i => i.GetDatabaseName()?.StartsWith("IX_", StringComparison.Ordinal) == true))
                index.SetDatabaseName("ix_" + entity.GetTableName() + "_" + string.Join("_", index.Properties.Select(p => p.GetColumnName())));
        }
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        base.ConfigureConventions(conventions);
        conventions.Properties<CommandStatus>().HaveConversion<WordConverter<CommandStatus>>();
        conventions.Properties<UnknownWhy>().HaveConversion<WordConverter<UnknownWhy>>();
        conventions.Properties<CancelWhy>().HaveConversion<WordConverter<CancelWhy>>();
        conventions.Properties<Channel>().HaveConversion<WordConverter<Channel>>();
        conventions.Properties<RulesState>().HaveConversion<WordConverter<RulesState>>();
        conventions.Properties<ProgressStage>().HaveConversion<WordConverter<ProgressStage>>();
        conventions.Properties<Role>().HaveConversion<WordConverter<Role>>();
    }

    private static string Quoted<T>() where T : struct, Enum => string.Join(", ", Enum.GetValues<T>().Select(v => $"'{Words.Of(v)}'"));

    private sealed class WordConverter<T>() : ValueConverter<T, string>(v => Words.Of(v), w => Parse(w)) where T : struct, Enum
    {
        private static T Parse(string word) =>
            Words.TryParse<T>(word, out var value) ? value : throw new InvalidOperationException($"the database holds '{word}', which is no {typeof(T).Name}");
    }
}

/// <summary>The embedded default. Times are whole microseconds since 1970, because this database cannot order time stamps.</summary>
public sealed class SqliteHubDb(DbContextOptions<SqliteHubDb> options) : HubDb(options)
{
    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        model.Entity<CommandNumber>(e =>
        {
            e.ToTable("command_numbers").HasKey(n => n.Row);
            e.Property(n => n.Row).ValueGeneratedNever().HasColumnName("row");
            e.Property(n => n.Last).HasColumnName("last");
            e.HasData(new CommandNumber { Row = 1, Last = 0 });
        });
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        base.ConfigureConventions(conventions);
        conventions.Properties<DateTimeOffset>().HaveConversion<Microseconds>();
    }

    private sealed class Microseconds() : ValueConverter<DateTimeOffset, long>(
        t => (t.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond,
        m => DateTimeOffset.UnixEpoch.AddTicks(m * TimeSpan.TicksPerMicrosecond));
}

/// <summary>The last number that a command got; never goes back while the row stands. One row.</summary>
public sealed class CommandNumber
{
    public int Row { get; init; }
    public long Last { get; set; }
}

/// <summary>Several hub nodes share one. Command numbers come from the sequence <c>pending_commands_id_seq</c>.</summary>
public sealed class PostgresHubDb(DbContextOptions<PostgresHubDb> options) : HubDb(options)
{
    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        model.HasSequence<long>("pending_commands_id_seq");
    }
}
