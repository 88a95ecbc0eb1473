using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Voltaxe.Hub.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Spine : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "agent_tokens",
                columns: table => new
                {
                    hash = table.Column<string>(type: "TEXT", nullable: false),
                    agent_id = table.Column<string>(type: "TEXT", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_agent_tokens", x => x.hash);
                });

            migrationBuilder.CreateTable(
                name: "agents",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    hostname = table.Column<string>(type: "TEXT", nullable: false),
                    hostname_key = table.Column<string>(type: "TEXT", nullable: false),
                    public_key = table.Column<string>(type: "TEXT", nullable: true),
                    legacy = table.Column<bool>(type: "INTEGER", nullable: false),
                    enrolled_at = table.Column<long>(type: "INTEGER", nullable: false),
                    revoked_at = table.Column<long>(type: "INTEGER", nullable: true),
                    may_be_replaced = table.Column<bool>(type: "INTEGER", nullable: false),
                    epoch = table.Column<string>(type: "TEXT", nullable: true),
                    instance = table.Column<string>(type: "TEXT", nullable: true),
                    n = table.Column<long>(type: "INTEGER", nullable: false),
                    position = table.Column<long>(type: "INTEGER", nullable: false),
                    stale_in_a_row = table.Column<int>(type: "INTEGER", nullable: false),
                    highest_seq = table.Column<long>(type: "INTEGER", nullable: false),
                    last_seq = table.Column<long>(type: "INTEGER", nullable: false),
                    session = table.Column<long>(type: "INTEGER", nullable: false),
                    held_because = table.Column<string>(type: "TEXT", nullable: true),
                    os = table.Column<string>(type: "TEXT", nullable: true),
                    version = table.Column<string>(type: "TEXT", nullable: true),
                    capabilities = table.Column<string>(type: "TEXT", nullable: false),
                    tags = table.Column<string>(type: "TEXT", nullable: false),
                    isolated = table.Column<bool>(type: "INTEGER", nullable: true),
                    isolated_since = table.Column<long>(type: "INTEGER", nullable: true),
                    isolation_verified_at = table.Column<long>(type: "INTEGER", nullable: true),
                    rules = table.Column<string>(type: "TEXT", nullable: true),
                    degraded = table.Column<string>(type: "TEXT", nullable: true),
                    told_hostname = table.Column<string>(type: "TEXT", nullable: true),
                    last_seen_at = table.Column<long>(type: "INTEGER", nullable: true),
                    on_socket = table.Column<bool>(type: "INTEGER", nullable: false),
                    wanted_isolated = table.Column<bool>(type: "INTEGER", nullable: false),
                    wanted_by = table.Column<long>(type: "INTEGER", nullable: true),
                    drift_since = table.Column<long>(type: "INTEGER", nullable: true),
                    clock_skew_seconds = table.Column<long>(type: "INTEGER", nullable: true),
                    clock_skew_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_agents", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "audit",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    actor = table.Column<string>(type: "TEXT", nullable: false),
                    action = table.Column<string>(type: "TEXT", nullable: false),
                    target = table.Column<string>(type: "TEXT", nullable: false),
                    outcome = table.Column<string>(type: "TEXT", nullable: false),
                    detail = table.Column<string>(type: "json", nullable: true),
                    address = table.Column<string>(type: "TEXT", nullable: true),
                    once = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_audit", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "command_numbers",
                columns: table => new
                {
                    row = table.Column<int>(type: "INTEGER", nullable: false),
                    last = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_command_numbers", x => x.row);
                });

            migrationBuilder.CreateTable(
                name: "enrolment_tokens",
                columns: table => new
                {
                    hash = table.Column<string>(type: "TEXT", nullable: false),
                    uses_left = table.Column<int>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    created_by = table.Column<string>(type: "TEXT", nullable: false),
                    tags = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_enrolment_tokens", x => x.hash);
                    table.CheckConstraint("ck_enrolment_tokens_uses", "uses_left >= 0");
                });

            migrationBuilder.CreateTable(
                name: "enrolments",
                columns: table => new
                {
                    token_hash = table.Column<string>(type: "TEXT", nullable: false),
                    agent_id = table.Column<string>(type: "TEXT", nullable: false),
                    hostname_key = table.Column<string>(type: "TEXT", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_enrolments", x => new { x.token_hash, x.agent_id });
                });

            migrationBuilder.CreateTable(
                name: "idempotent_answers",
                columns: table => new
                {
                    @operator = table.Column<string>(name: "operator", type: "TEXT", nullable: false),
                    key = table.Column<string>(type: "TEXT", nullable: false),
                    body_hash = table.Column<string>(type: "TEXT", nullable: false),
                    answer = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_idempotent_answers", x => new { x.@operator, x.key });
                });

            migrationBuilder.CreateTable(
                name: "operator_tokens",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    role = table.Column<string>(type: "TEXT", nullable: false),
                    hash = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    revoked_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_operator_tokens", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "retired_epochs",
                columns: table => new
                {
                    agent_id = table.Column<string>(type: "TEXT", nullable: false),
                    epoch = table.Column<string>(type: "TEXT", nullable: false),
                    retired_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_retired_epochs", x => new { x.agent_id, x.epoch });
                });

            migrationBuilder.CreateTable(
                name: "retired_instances",
                columns: table => new
                {
                    agent_id = table.Column<string>(type: "TEXT", nullable: false),
                    instance = table.Column<string>(type: "TEXT", nullable: false),
                    retired_at = table.Column<long>(type: "INTEGER", nullable: false),
                    returns = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_retired_instances", x => new { x.agent_id, x.instance });
                });

            migrationBuilder.CreateTable(
                name: "used_assertions",
                columns: table => new
                {
                    agent_id = table.Column<string>(type: "TEXT", nullable: false),
                    jti = table.Column<string>(type: "TEXT", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_used_assertions", x => new { x.agent_id, x.jti });
                });

            migrationBuilder.CreateTable(
                name: "users",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    role = table.Column<string>(type: "TEXT", nullable: false),
                    role_seal = table.Column<string>(type: "TEXT", nullable: false),
                    once_hash = table.Column<string>(type: "TEXT", nullable: true),
                    once_expires_at = table.Column<long>(type: "INTEGER", nullable: true),
                    user_name = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    normalized_user_name = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    email = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    normalized_email = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    email_confirmed = table.Column<bool>(type: "INTEGER", nullable: false),
                    password_hash = table.Column<string>(type: "TEXT", nullable: true),
                    security_stamp = table.Column<string>(type: "TEXT", nullable: true),
                    concurrency_stamp = table.Column<string>(type: "TEXT", nullable: true),
                    phone_number = table.Column<string>(type: "TEXT", nullable: true),
                    phone_number_confirmed = table.Column<bool>(type: "INTEGER", nullable: false),
                    two_factor_enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    lockout_end = table.Column<long>(type: "INTEGER", nullable: true),
                    lockout_enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    access_failed_count = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_users", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "pending_commands",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false),
                    uid = table.Column<Guid>(type: "TEXT", nullable: false),
                    agent_id = table.Column<string>(type: "TEXT", nullable: false),
                    hostname = table.Column<string>(type: "TEXT", nullable: false),
                    command = table.Column<string>(type: "TEXT", nullable: false),
                    @params = table.Column<string>(name: "params", type: "json", nullable: false),
                    reason = table.Column<string>(type: "TEXT", nullable: false),
                    ticket = table.Column<string>(type: "TEXT", nullable: true),
                    created_by = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    priority = table.Column<int>(type: "INTEGER", nullable: false, defaultValue: 5),
                    batch_id = table.Column<string>(type: "TEXT", nullable: true),
                    not_before = table.Column<long>(type: "INTEGER", nullable: true),
                    lifetime_seconds = table.Column<int>(type: "INTEGER", nullable: false),
                    needs_approval = table.Column<bool>(type: "INTEGER", nullable: false),
                    seal = table.Column<string>(type: "TEXT", nullable: false),
                    approved_by = table.Column<string>(type: "TEXT", nullable: true),
                    approved_at = table.Column<long>(type: "INTEGER", nullable: true),
                    approval_seal = table.Column<string>(type: "TEXT", nullable: true),
                    seq = table.Column<long>(type: "INTEGER", nullable: true),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: true),
                    payload = table.Column<string>(type: "TEXT", nullable: true),
                    key_id = table.Column<string>(type: "TEXT", nullable: true),
                    signature = table.Column<string>(type: "TEXT", nullable: true),
                    status = table.Column<string>(type: "TEXT", nullable: false),
                    attempt = table.Column<int>(type: "INTEGER", nullable: false),
                    channel = table.Column<string>(type: "TEXT", nullable: true),
                    epoch = table.Column<string>(type: "TEXT", nullable: true),
                    seed_route = table.Column<bool>(type: "INTEGER", nullable: false),
                    push_session = table.Column<long>(type: "INTEGER", nullable: true),
                    handed_out_at = table.Column<long>(type: "INTEGER", nullable: true),
                    unheard = table.Column<int>(type: "INTEGER", nullable: false),
                    delivered_at = table.Column<long>(type: "INTEGER", nullable: true),
                    received_at = table.Column<long>(type: "INTEGER", nullable: true),
                    started_at = table.Column<long>(type: "INTEGER", nullable: true),
                    executed_at = table.Column<long>(type: "INTEGER", nullable: true),
                    verified_at = table.Column<long>(type: "INTEGER", nullable: true),
                    cancel_requested_at = table.Column<long>(type: "INTEGER", nullable: true),
                    finished_at = table.Column<long>(type: "INTEGER", nullable: true),
                    cancel_why = table.Column<string>(type: "TEXT", nullable: true),
                    cancelled_by = table.Column<string>(type: "TEXT", nullable: true),
                    overtaken_by = table.Column<long>(type: "INTEGER", nullable: true),
                    unknown_why = table.Column<string>(type: "TEXT", nullable: true),
                    result = table.Column<string>(type: "json", nullable: true),
                    agent_made = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_pending_commands", x => x.id);
                    table.CheckConstraint("ck_commands_executed_at", "executed_at IS NULL OR status IN ('executed', 'failed')");
                    table.CheckConstraint("ck_commands_finished", "(status IN ('awaiting_approval', 'pending', 'delivered')) = (finished_at IS NULL)");
                    table.CheckConstraint("ck_commands_handed_out", "status <> 'delivered' OR (attempt > 0 AND delivered_at IS NOT NULL AND seq IS NOT NULL AND handed_out_at IS NOT NULL)");
                    table.CheckConstraint("ck_commands_not_handed_out_ends", "status NOT IN ('cancelled', 'expired', 'superseded') OR attempt = 0 OR agent_made");
                    table.CheckConstraint("ck_commands_priority", "priority BETWEEN 0 AND 10");
                    table.CheckConstraint("ck_commands_reported", "status NOT IN ('executed', 'failed', 'rejected') OR (agent_made AND attempt > 0 AND result IS NOT NULL)");
                    table.CheckConstraint("ck_commands_signed", "(seq IS NULL) = (payload IS NULL) AND (seq IS NULL) = (signature IS NULL) AND (seq IS NULL) = (expires_at IS NULL)");
                    table.CheckConstraint("ck_commands_status", "status IN ('awaiting_approval', 'pending', 'delivered', 'executed', 'failed', 'rejected', 'cancelled', 'expired', 'superseded', 'denied', 'unknown')");
                    table.CheckConstraint("ck_commands_unknown", "(status = 'unknown') = (unknown_why IS NOT NULL) AND (status <> 'unknown' OR attempt > 0)");
                    table.CheckConstraint("ck_commands_untouched", "status NOT IN ('awaiting_approval', 'pending', 'denied') OR (attempt = 0 AND delivered_at IS NULL AND received_at IS NULL AND started_at IS NULL AND executed_at IS NULL)");
                    table.ForeignKey(
                        name: "FK_pending_commands_agents_agent_id",
                        column: x => x.agent_id,
                        principalTable: "agents",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "user_claims",
                columns: table => new
                {
                    id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    user_id = table.Column<string>(type: "TEXT", nullable: false),
                    claim_type = table.Column<string>(type: "TEXT", nullable: true),
                    claim_value = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_claims", x => x.id);
                    table.ForeignKey(
                        name: "FK_user_claims_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "user_logins",
                columns: table => new
                {
                    login_provider = table.Column<string>(type: "TEXT", nullable: false),
                    provider_key = table.Column<string>(type: "TEXT", nullable: false),
                    provider_display_name = table.Column<string>(type: "TEXT", nullable: true),
                    user_id = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_logins", x => new { x.login_provider, x.provider_key });
                    table.ForeignKey(
                        name: "FK_user_logins_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "user_tokens",
                columns: table => new
                {
                    user_id = table.Column<string>(type: "TEXT", nullable: false),
                    login_provider = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    value = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_tokens", x => new { x.user_id, x.login_provider, x.name });
                    table.ForeignKey(
                        name: "FK_user_tokens_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "command_progress",
                columns: table => new
                {
                    command_id = table.Column<long>(type: "INTEGER", nullable: false),
                    percent = table.Column<int>(type: "INTEGER", nullable: false),
                    item = table.Column<string>(type: "TEXT", nullable: true),
                    stage = table.Column<string>(type: "TEXT", nullable: true),
                    at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_command_progress", x => x.command_id);
                    table.CheckConstraint("ck_command_progress_percent", "percent BETWEEN 0 AND 100");
                    table.ForeignKey(
                        name: "FK_command_progress_pending_commands_command_id",
                        column: x => x.command_id,
                        principalTable: "pending_commands",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "evidence",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    command_id = table.Column<long>(type: "INTEGER", nullable: false),
                    command_uid = table.Column<Guid>(type: "TEXT", nullable: false),
                    agent_id = table.Column<string>(type: "TEXT", nullable: false),
                    hostname = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    size = table.Column<long>(type: "INTEGER", nullable: false),
                    sha256 = table.Column<string>(type: "TEXT", nullable: false),
                    received = table.Column<long>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false),
                    completed_at = table.Column<long>(type: "INTEGER", nullable: true),
                    replaced_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_evidence", x => x.id);
                    table.CheckConstraint("ck_evidence_complete", "(completed_at IS NOT NULL) = (received = size)");
                    table.CheckConstraint("ck_evidence_received", "size > 0 AND received BETWEEN 0 AND size");
                    table.CheckConstraint("ck_evidence_replaced", "replaced_at IS NULL OR completed_at IS NOT NULL");
                    table.CheckConstraint("ck_evidence_sha256", "length(sha256) = 64");
                    table.ForeignKey(
                        name: "FK_evidence_agents_agent_id",
                        column: x => x.agent_id,
                        principalTable: "agents",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_evidence_pending_commands_command_id",
                        column: x => x.command_id,
                        principalTable: "pending_commands",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.InsertData(
                table: "command_numbers",
                columns: new[] { "row", "last" },
                values: new object[] { 1, 0L });

            migrationBuilder.CreateIndex(
                name: "ix_agent_tokens_agent_id",
                table: "agent_tokens",
                column: "agent_id");

            migrationBuilder.CreateIndex(
                name: "ix_agent_tokens_expires_at",
                table: "agent_tokens",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "ix_agents_hostname_key",
                table: "agents",
                column: "hostname_key",
                unique: true,
                filter: "revoked_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_audit_at",
                table: "audit",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "ix_audit_once",
                table: "audit",
                column: "once",
                unique: true,
                filter: "once IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_evidence_agent_id",
                table: "evidence",
                column: "agent_id");

            migrationBuilder.CreateIndex(
                name: "ix_evidence_command_id",
                table: "evidence",
                column: "command_id");

            migrationBuilder.CreateIndex(
                name: "ix_evidence_command_id_name",
                table: "evidence",
                columns: new[] { "command_id", "name" },
                unique: true,
                filter: "replaced_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_idempotent_answers_created_at",
                table: "idempotent_answers",
                column: "created_at");

            migrationBuilder.CreateIndex(
                name: "ix_pending_commands_agent_id_id",
                table: "pending_commands",
                columns: new[] { "agent_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_pending_commands_batch_id",
                table: "pending_commands",
                column: "batch_id",
                filter: "batch_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_pending_commands_finished_at",
                table: "pending_commands",
                column: "finished_at",
                filter: "finished_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_pending_commands_given_up",
                table: "pending_commands",
                column: "agent_id",
                filter: "status = 'unknown' AND NOT agent_made");

            migrationBuilder.CreateIndex(
                name: "ix_pending_commands_hostname_status",
                table: "pending_commands",
                columns: new[] { "hostname", "status" });

            migrationBuilder.CreateIndex(
                name: "ix_pending_commands_open",
                table: "pending_commands",
                column: "agent_id",
                filter: "status IN ('awaiting_approval', 'pending', 'delivered')");

            migrationBuilder.CreateIndex(
                name: "ix_pending_commands_status_open",
                table: "pending_commands",
                column: "status",
                filter: "status IN ('awaiting_approval', 'pending', 'delivered')");

            migrationBuilder.CreateIndex(
                name: "ix_pending_commands_uid",
                table: "pending_commands",
                column: "uid",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_used_assertions_expires_at",
                table: "used_assertions",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "ix_user_claims_user_id",
                table: "user_claims",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_user_logins_user_id",
                table: "user_logins",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "EmailIndex",
                table: "users",
                column: "normalized_email");

            migrationBuilder.CreateIndex(
                name: "UserNameIndex",
                table: "users",
                column: "normalized_user_name",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "agent_tokens");

            migrationBuilder.DropTable(
                name: "audit");

            migrationBuilder.DropTable(
                name: "command_numbers");

            migrationBuilder.DropTable(
                name: "command_progress");

            migrationBuilder.DropTable(
                name: "enrolment_tokens");

            migrationBuilder.DropTable(
                name: "enrolments");

            migrationBuilder.DropTable(
                name: "evidence");

            migrationBuilder.DropTable(
                name: "idempotent_answers");

            migrationBuilder.DropTable(
                name: "operator_tokens");

            migrationBuilder.DropTable(
                name: "retired_epochs");

            migrationBuilder.DropTable(
                name: "retired_instances");

            migrationBuilder.DropTable(
                name: "used_assertions");

            migrationBuilder.DropTable(
                name: "user_claims");

            migrationBuilder.DropTable(
                name: "user_logins");

            migrationBuilder.DropTable(
                name: "user_tokens");

            migrationBuilder.DropTable(
                name: "pending_commands");

            migrationBuilder.DropTable(
                name: "users");

            migrationBuilder.DropTable(
                name: "agents");
        }
    }
}
