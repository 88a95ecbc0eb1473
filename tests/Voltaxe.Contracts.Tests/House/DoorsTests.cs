using Voltaxe.Testing;

namespace Voltaxe.Contracts.Tests.House;

public sealed class DoorsTests
{
    private static readonly string[] Products = ["Voltaxe.Agent", "Voltaxe.Contracts", "Voltaxe.Dashboard", "Voltaxe.Hub"];

    public static TheoryData<string> Projects() => [.. Products];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Every_file_lies_in_a_room_of_the_table_or_at_the_top(string project)
    {
        var homeless = Sources.Of(project).Where(file => Sources.FolderOf(file).Length > 0 && RoomOf(project, file) is null);
        Nothing(homeless);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_room_opens_only_the_doors_that_its_row_allows(string project)
    {
        var opened = from file in Sources.Of(project)
                     let room = RoomOf(project, file)
                     where room is not null
                     from name in Sources.SeenBy(SourceTree.Read(file))
                     where Sources.Below(name, "Voltaxe") && !IsOpen(project, room, name)
                     select $"{file}: {room.Folder} → {name}";
        Nothing(opened);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Nothing_is_seen_through_a_wall(string project)
    {
        var seen = from file in Sources.Of(project)
                   let room = RoomOf(project, file)
                   where room is not null
                   from name in Sources.SeenBy(SourceTree.Read(file))
                   where room.Walls.Any(wall => Sources.Below(name, wall))
                   select $"{file}: {room.Folder} ✗ {name}";
        Nothing(seen);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Files_at_the_top_see_no_other_project_than_their_own_and_what_it_references(string project)
    {
        var strangers = from file in Sources.Of(project)
                        where Sources.FolderOf(file).Length == 0
                        from name in Sources.SeenBy(SourceTree.Read(file))
                        where Sources.Below(name, "Voltaxe") && !References(project).Any(known => Sources.Below(name, known))
                        select $"{file}: {name}";
        Nothing(strangers);
    }

    [Fact]
    public void Contracts_references_nothing_and_agent_and_dashboard_only_contracts()
    {
        Assert.DoesNotContain("Reference", SourceTree.Read("Voltaxe.Contracts/Voltaxe.Contracts.csproj"), StringComparison.Ordinal);
        Assert.Equal(["Voltaxe.Agent", "Voltaxe.Contracts"], References("Voltaxe.Agent"));
        Assert.Equal(["Voltaxe.Contracts", "Voltaxe.Dashboard"], References("Voltaxe.Dashboard"));
        Assert.Equal(["Voltaxe.Contracts", "Voltaxe.Dashboard", "Voltaxe.Hub"], References("Voltaxe.Hub"));
    }

    [Theory]
    [InlineData("Voltaxe.Hub")]
    [InlineData("Voltaxe.Dashboard")]
    public void The_arrows_of_the_table_point_one_way(string project)
    {
        var rows = Rooms.Of[project].ToDictionary(r => r.Folder);
        Assert.Empty(rows.Values.SelectMany(r => r.Doors).Except(rows.Keys));
        foreach (var start in rows.Keys)
        {
            var reached = new HashSet<string>();
            var next = new Queue<string>(rows[start].Doors);
            while (next.TryDequeue(out var room))
            {
                Assert.False(room == start, $"{start} leads back to itself");
                if (reached.Add(room))
                    rows[room].Doors.ToList().ForEach(next.Enqueue);
            }
        }
    }

    [Theory]
    [InlineData("using Voltaxe.Hub.Persistence;", "Voltaxe.Hub.Persistence")]
    [InlineData("global using static Voltaxe.Hub.Persistence.Rows;", "Voltaxe.Hub.Persistence.Rows")]
    [InlineData("using Rows = Voltaxe.Hub.Persistence.Rows;", "Voltaxe.Hub.Persistence.Rows")]
    [InlineData("@using Voltaxe.Hub.Persistence", "Voltaxe.Hub.Persistence")]
    [InlineData("    private readonly global::Voltaxe.Hub.Persistence.HubDb db;", "Voltaxe.Hub.Persistence.HubDb")]
    [InlineData("    var x = new Voltaxe.Hub.Persistence.HubDb();", "Voltaxe.Hub.Persistence.HubDb")]
    public void A_door_is_seen_however_it_is_opened(string line, string name) => Assert.Equal([name], Sources.SeenBy(line));

    [Theory]
    [InlineData("namespace Voltaxe.Hub.Persistence;")]
    [InlineData("/// <see cref=\"Voltaxe.Hub.Persistence.HubDb\"/>")]
    [InlineData("var text = \"Voltaxe.Hub.Persistence.HubDb\";")]
    [InlineData("using var stream = Open();")]
    [InlineData("using (LastWill.Add(line))")]
    public void What_is_no_door_is_not_seen(string line) => Assert.DoesNotContain(Sources.SeenBy(line), name => Sources.Below(name, "Voltaxe"));

    /// <summary>Says all of it: xunit would cut the list short.</summary>
    private static void Nothing(IEnumerable<string> findings)
    {
        var all = findings.Distinct().Order(StringComparer.Ordinal).ToArray();
        Assert.True(all.Length == 0, "House/Rooms.cs has no such door:\n" + string.Join('\n', all));
    }

    private static Room? RoomOf(string project, string file)
    {
        var folder = Sources.FolderOf(file);
        return Rooms.Of[project]
            .Where(room => folder == room.Folder || folder.StartsWith(room.Folder + "/", StringComparison.Ordinal))
            .MaxBy(room => room.Folder.Length);
    }

    private static bool IsOpen(string project, Room room, string name) =>
        name == project
        || Sources.Below(name, "Voltaxe.Contracts") && project != "Voltaxe.Contracts"
        || room.Doors.Concat(room.Rows).Append(room.Folder).Any(door => Sources.Below(name, $"{project}.{door.Replace('/', '.')}"));

    /// <summary>The project itself and those it references directly.</summary>
    private static string[] References(string project) =>
    [
        .. SourceTree.Read($"{project}/{project}.csproj").Split('\n')
            .Where(line => line.Contains("<ProjectReference", StringComparison.Ordinal) && !line.Contains("ReferenceOutputAssembly=\"false\"", StringComparison.Ordinal))
            .Select(line => Path.GetFileNameWithoutExtension(line.Split('"')[1].Replace('\\', '/')))
            .Append(project).Order(StringComparer.Ordinal),
    ];
}
