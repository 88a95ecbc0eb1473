using System.Net.Http.Headers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Voltaxe.Hub.Security;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>Any JSON at any route that takes JSON is taken or refused; it never makes the hub fail.</summary>
public sealed class RandomJsonTests
{
    private const string Uid = "0193a000-0000-7000-8000-000000000001";

    /// <summary>A body that each route takes, field by field; mutations start from it.</summary>
    private static readonly (string Path, string Who, (string Name, string Value)[] Fields)[] Routes =
    [
        ("/api/v1/commands", "admin", [("command", "\"kill_process\""), ("hosts", "[\"web-01\",\"web-02\"]"), ("reason", "\"because it must be\""), ("params", "{\"pid\":7,\"name\":\"x\"}")]),
        ("/api/v1/commands/1/cancel", "admin", [("reason", "\"because it must be\"")]),
        ("/api/v1/agents", "admin", [("hostname", "\"web-03\""), ("legacy", "true")]),
        ("/api/v1/enrollment-tokens", "admin", [("uses", "2"), ("tags", "[\"dc-1\"]")]),
        ("/api/isolate", "admin", [("hostname", "\"nowhere\""), ("username", "\"sam\"")]),
        ("/api/restore", "admin", [("hostname", "\"nowhere\""), ("reason", "\"because it must be\"")]),
        ("/command/result", "sentinel", [("command_id", "1"), ("success", "true"), ("message", "\"done\""), ("data", "{}")]),
        ("/telemetry", "sentinel", [("isolated", "true"), ("os", "\"linux\""), ("version", "\"1\"")]),
        ("/agent/v1/sync", "agent", [("epoch", "\"e1\""), ("instance", "\"i1\""), ("n", "1"), ("position", "0"), ("holding", "[]"), ("results", $"[{{\"uid\":\"{Uid}\",\"attempt\":1,\"outcome\":\"executed\",\"message\":\"x\"}}]"),
            ("events", "[{\"event_id\":\"e1\",\"kind\":\"crashed\",\"at\":\"2026-01-01T00:00:00Z\"}]"), ("info", "{\"os\":\"linux\"}"), ("observed", "{\"isolated\":false,\"rules\":\"none\"}")]),
        ("/agent/v1/enroll", "nobody", [("token", "\"vtx_enr_x.y\""), ("hostname", "\"web-04\""), ("public_key", "\"AA\""), ("proof", "\"AA\"")]),
        ("/agent/v1/token", "nobody", [("assertion", "\"a.b.c\"")]),
    ];

    private static readonly string[] Names =
    [
        .. Routes.SelectMany(r => r.Fields).Select(f => f.Name).Distinct(), "priority", "not_before", "expires_in_seconds", "ticket", "uid", "attempt", "outcome", "state", "started_at", "finished_at",
        "verified", "event_id", "kind", "at", "answers", "ask_id", "received", "since", "verified_at", "rules", "capabilities", "highest_seq", "duration_seconds", "allow", "collect", "\\u0000", "\\ud800", "",
    ];

    private static readonly Gen<string> Scalars = Gen.Elements(
        "null", "true", "false", "0", "-1", "1", "2", "1.5", "1e400", "-0", "9007199254740993", "4503599627370496", "99999999999999999999", "[]", "{}", "\"\"", "\"x\"", "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"\\udc00x\"",
        $"\"{Uid}\"", "\"2026-01-01T00:00:00Z\"", "\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59.999999Z\"", "\"2026-01-01T00:00:00+14:00\"", "\"executed\"", "\"unknown\"", "\"network_isolate\"", "\"collect_forensics\"",
        "\"tampered\"", "\"started\"", "\"progress\"", "\"🧯 <b>'; DROP TABLE agents--\"", "\"\\r\\n\\u001b[31m\"", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"");

    public static TheoryData<string> Databases => RunningHub.Databases;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task No_json_at_any_route_makes_the_hub_fail(string database)
    {
        await using var hub = await RunningHub.StartAsync(database);
        using var desk = await Desk.OfAsync(hub);
        await using var sentinel = new SeedAgent(hub.Http, "web-01", (await hub.LegacyAgentAsync("web-01")).Token);
        var agent = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-02");
        var tokens = new Dictionary<string, string>
        {
            ["admin"] = await hub.TokenAsync(Role.Admin), ["agent"] = await agent.AccessTokenAsync(), ["sentinel"] = (await hub.LegacyAgentAsync("web-05")).Token,
        };
        await desk.KillAsync("web-05");
        using (var poll = hub.Client(tokens["sentinel"]))
            await poll.GetStringAsync("/command/poll?host=web-05");

        Prop.ForAll(Bodies().ToArbitrary(), (Action<(string Path, string Who, string Body)>)(said =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, said.Path) { Content = new StringContent(said.Body, Encoding.UTF8, "application/json") };
            if (tokens.TryGetValue(said.Who, out var token))
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var answer = hub.Http.SendAsync(request).GetAwaiter().GetResult();
            var (status, type) = ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType);
            if (status >= 500 || (status >= 400 && type != "application/problem+json" && (status, said.Path) != (404, "/command/result")))
                throw new InvalidOperationException($"answered {status} {type}: {answer.Content.ReadAsStringAsync().GetAwaiter().GetResult()}");
        })).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
        await desk.GetAsync("/readyz");
    }

    private static Gen<(string Path, string Who, string Body)> Bodies() =>
        from route in Gen.Elements(Routes)
        from fields in Gen.Frequency((1, Gen.Constant(Array.Empty<(string, string)>())), (8, FieldsOf(3).Select(f => f.ToArray())))
        from whole in Gen.Frequency((9, Gen.Constant("")), (1, Value(3)))
        select (route.Path, route.Who, whole.Length > 0 ? whole : Mutated(route.Fields, fields));

    /// <summary>Fields that the route knows are replaced; others are added only half of the time, for an unknown one ends the reading.</summary>
    private static string Mutated((string Name, string Value)[] fields, (string Name, string Value)[] changes)
    {
        var known = fields.ToDictionary(f => f.Name, f => f.Value);
        foreach (var (index, (name, value)) in changes.Index())
        {
            if (known.ContainsKey(name) || index == 2)
                known[name] = value;
            else
                known[fields[(name.Length + value.Length) % fields.Length].Name] = value;
        }
        return "{" + string.Join(',', known.Select(f => $"\"{f.Key}\":{f.Value}")) + "}";
    }

    private static Gen<List<(string, string)>> FieldsOf(int depth) =>
        from count in Gen.Choose(1, 3)
        from fields in (from name in Gen.Elements(Names) from value in Value(depth) select (name, value)).ListOf(count)
        select fields.ToList();

    private static Gen<string> Value(int depth) => depth == 0 ? Scalars : Gen.Frequency(
        (5, Scalars),
        (2, Value(depth - 1).ArrayOf(2).Select(items => $"[{string.Join(',', items)}]")),
        (3, FieldsOf(depth - 1).Select(fields => "{" + string.Join(',', fields.Select(f => $"\"{f.Item1}\":{f.Item2}")) + "}")));
}
