namespace Voltaxe.Contracts.Tests.House;

/// <summary>
/// One folder of a project and the doors it may open. <paramref name="Doors"/> are other rooms of the same project; its own and
/// Voltaxe.Contracts are always open, other projects only where a row says so. <paramref name="Walls"/> are namespaces from outside
/// that must not be seen from here, nor anything below them.
/// </summary>
internal sealed record Room(string Folder, string[] Doors, params string[] Walls)
{
    /// <summary>Rooms whose rows are kept here: named, so that they can be stored, but never called. No arrow, and only where the model is.</summary>
    public string[] Rows { get; init; } = [];
}

/// <summary>The table. A new folder or a new arrow is a decision: it is made here, in sight of the others.</summary>
internal static class Rooms
{
    private const string Web = "Microsoft.AspNetCore", Database = "Microsoft.EntityFrameworkCore", Requests = "MediatR";

    /// <summary>Use cases speak to the database and know nothing of how they were asked.</summary>
    private static readonly string[] UseCaseWalls = ["Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.Mvc", "Microsoft.AspNetCore.SignalR", "Microsoft.AspNetCore.Builder"];

    /// <summary>Doors parse, send one request, translate the answer: they never touch the database.</summary>
    private static readonly string[] TransportWalls = [Database, "Npgsql", "Microsoft.Data"];

    public static IReadOnlyDictionary<string, Room[]> Of { get; } = new Dictionary<string, Room[]>
    {
        ["Voltaxe.Contracts"] =
        [
            new("Commands", ["Json"]),
            new("Crypto", []),
            new("Json", ["Commands", "Operators", "Wire"]),
            new("Operators", ["Commands", "Json", "Wire"]),
            // The seed's answer to a result holds the command as operators see it.
            new("Wire", ["Commands", "Json", "Operators"]),
        ],
        ["Voltaxe.Hub"] =
        [
            new("Domain", [], Web, Database, Requests, "Npgsql", "Microsoft.Data", "FluentValidation"),
            new("Persistence", ["Domain"], "Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.SignalR", Requests) { Rows = ["Commands", "Security"] },
            new("Security", ["Domain", "Persistence"]),
            new("Pipeline", ["Domain", "Persistence", "Security"]),
            new("Accounts", ["Domain", "Persistence", "Pipeline", "Security"]),
            new("Audit", ["Domain", "Persistence", "Pipeline", "Security"], UseCaseWalls),
            new("Commands", ["Domain", "Persistence", "Pipeline", "Security"], UseCaseWalls),
            new("Agents", ["Domain", "Persistence", "Pipeline", "Security"], UseCaseWalls),
            new("Evidence", ["Domain", "Persistence", "Pipeline", "Security"], UseCaseWalls),
            new("Delivery", ["Domain", "Persistence", "Pipeline", "Security", "Agents", "Commands"], UseCaseWalls),
            new("Live", ["Domain", "Persistence", "Agents", "Commands", "Evidence"], UseCaseWalls),
            new("Transports", ["Domain", "Pipeline"], TransportWalls),
            new("Transports/Agents", ["Domain", "Persistence", "Pipeline", "Security", "Agents", "Commands", "Delivery", "Evidence", "Transports"], TransportWalls),
            new("Transports/Operators", ["Domain", "Persistence", "Pipeline", "Security", "Accounts", "Agents", "Audit", "Commands", "Delivery", "Evidence", "Live", "Transports"], TransportWalls),
            new("Demo", ["Persistence", "Pipeline", "Security", "Accounts", "Agents"], Database),
            new("Transports/CommandLine", ["Domain", "Persistence", "Pipeline", "Security", "Accounts", "Agents", "Audit", "Commands", "Demo", "Transports"], TransportWalls),
        ],
        ["Voltaxe.Agent"] =
        [
            new("Configuration", []),
            new("Platform", ["Configuration"], Web),
            new("Enrolment", ["Configuration", "Platform"]),
            new("Evidence", ["Configuration", "Platform"], Web),
            // The executor runs the actions, and the actions write to its journal and outbox: two halves of one thing.
            new("Actions", ["Configuration", "Platform", "Execution", "Evidence"], Web),
            new("Execution", ["Configuration", "Platform", "Enrolment", "Actions"], Web),
            new("Channels", ["Configuration", "Platform", "Enrolment", "Execution", "Evidence"]),
            new("CommandLine", ["Configuration", "Platform", "Enrolment", "Actions", "Execution", "Evidence", "Channels"]),
        ],
        ["Voltaxe.Dashboard"] =
        [
            new("Model", [], Web, "Microsoft.JSInterop", "Microsoft.Extensions"),
            new("Components", ["Model"], Database, "Voltaxe.Hub"),
        ],
    };
}
