using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Voltaxe.Hub.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Evidence : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
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
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "command_progress");

            migrationBuilder.DropTable(
                name: "evidence");
        }
    }
}
