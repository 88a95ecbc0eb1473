using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Voltaxe.Hub.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class DriftSince : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "drift_since",
                table: "agents",
                type: "INTEGER",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "drift_since",
                table: "agents");
        }
    }
}
