using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Voltaxe.Hub.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class ClockSkew : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "clock_skew_at",
                table: "agents",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "clock_skew_seconds",
                table: "agents",
                type: "INTEGER",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "clock_skew_at",
                table: "agents");

            migrationBuilder.DropColumn(
                name: "clock_skew_seconds",
                table: "agents");
        }
    }
}
