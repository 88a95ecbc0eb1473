namespace Voltaxe.Hub.Tests.Transports;

/// <summary>A request that must be refused. <c>$</c> names in texts stand for what the test made: <c>$host</c>, <c>$id</c>.</summary>
/// <param name="Request">Method and path.</param>
/// <param name="Who"><c>admin</c>, <c>agent</c>, <c>sentinel</c> or <c>nobody</c>.</param>
/// <param name="Body">JSON or what should have been; null for none.</param>
/// <param name="Status">Of the answer.</param>
/// <param name="Field">That <c>errors</c> names; null where no field is at fault.</param>
/// <param name="Type">The content type; empty for none.</param>
public sealed record WrongInput(string Request, string Who, string? Body, int Status, string? Field = null, string Type = "application/json")
{
    public override string ToString() => $"{Request} {(Body?.Length > 80 ? Body[..80] + "…" : Body)}";
}

/// <summary>Wrong input of every kind, for every route that takes input.</summary>
internal static class WrongInputCases
{
    private const string Order = """{"command":"network_isolate","hosts":["$host"],"reason":"because it must be"}""";
    private const string Deep = """[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]""";

    public static IEnumerable<WrongInput> All => [.. EveryBody, .. Orders, .. Addresses, .. Questions, .. Agents];

    /// <summary>Whatever the route: a body that is no JSON object of this shape.</summary>
    private static IEnumerable<WrongInput> EveryBody =>
        from route in new[]
        {
            ("POST /api/v1/commands", "admin", 400_000), ("POST /api/v1/commands/$id/cancel", "admin", 400_000), ("POST /api/v1/agents", "admin", 400_000), ("POST /api/v1/agents/$host/release-code", "admin", 400_000),
            ("POST /api/v1/enrollment-tokens", "admin", 400_000), ("POST /api/isolate", "admin", 400_000), ("POST /api/restore", "admin", 400_000),
            ("POST /command/result", "sentinel", 600_000), ("POST /telemetry", "sentinel", 600_000), ("POST /agent/v1/sync", "agent", 1_100_000),
            ("POST /agent/v1/evidence", "agent", 20_000), ("POST /agent/v1/enroll", "nobody", 20_000), ("POST /agent/v1/token", "nobody", 20_000),
        }
        from wrong in new (string? Body, int Status, string? Field, string Type)[]
        {
            ("{", 400, "body", "application/json"), ("", 400, "body", "application/json"), ("[]", 400, "body", "application/json"), ("null", 400, "body", "application/json"),
            ("\"text\"", 400, "body", "application/json"), ("{}x", 400, null, "application/json"), (Deep, 400, "body", "application/json"),
            ("{}", 415, null, "text/plain"), ("{}", 415, null, "application/x-www-form-urlencoded"), ("{}", 415, null, ""),
            ($"{{\"x\":\"{new string('x', route.Item3)}\"}}", 413, null, "application/json"),
        }
        select new WrongInput(route.Item1, route.Item2, wrong.Body, wrong.Status, wrong.Field, wrong.Type);

    private static IEnumerable<WrongInput> Orders =>
        from change in new (string From, string To, string Field)[]
        {
            ("\"network_isolate\"", "1", "command"), ("\"network_isolate\"", "null", "command"), ("\"network_isolate\"", "\"Network_Isolate\"", "command"),
            ("{\"command\"", "{\"command\":\"network_restore\",\"command\"", "command"), ("{\"command\"", "{\"commnd\":1,\"command\"", "commnd"), ("{\"command\"", "{\"Command\":1,\"command\"", "Command"),
            ("[\"$host\"]", "\"$host\"", "hosts"), ("[\"$host\"]", "[7]", "hosts[0]"), ("[\"$host\"]", "[null]", "hosts"), ("[\"$host\"]", "[]", "hosts"), ("[\"$host\"]", "null", "hosts"),
            ("[\"$host\"]", "[\"a\\u0000b\"]", "hosts"), ("[\"$host\"]", "[\"\\ud800\"]", "hosts[0]"), ("[\"$host\"]", $"[{string.Join(',', Enumerable.Repeat("\"$host\"", 501))}]", "hosts"),
            ("\"hosts\"", "\"tags\":[\"a\"],\"hosts\"", "hosts"), ("\"hosts\":[\"$host\"]", "\"tags\":[]", "tags"), ("\"hosts\":[\"$host\"]", "\"tags\":{}", "tags"),
            ("\"because it must be\"", "\" abcd \"", "reason"), ("\"because it must be\"", $"\"{new string('x', 501)}\"", "reason"), ("\"because it must be\"", "null", "reason"),
            ("\"because it must be\"", "\"because\\u0000it must\"", "reason"), ("\"because it must be\"", "\"because \\ud83e it must\"", "reason"), ("\"because it must be\"", "7", "reason"),
            ("\"reason\"", "\"ticket\":\"\",\"reason\"", "ticket"), ("\"reason\"", $"\"ticket\":\"{new string('x', 101)}\",\"reason\"", "ticket"), ("\"reason\"", "\"ticket\":\"a\\nb\",\"reason\"", "ticket"),
            ("\"reason\"", "\"priority\":11,\"reason\"", "priority"), ("\"reason\"", "\"priority\":-1,\"reason\"", "priority"), ("\"reason\"", "\"priority\":1.5,\"reason\"", "priority"),
            ("\"reason\"", "\"priority\":\"5\",\"reason\"", "priority"), ("\"reason\"", "\"priority\":1e99,\"reason\"", "priority"),
            ("\"reason\"", "\"expires_in_seconds\":29,\"reason\"", "expires_in_seconds"), ("\"reason\"", "\"expires_in_seconds\":2592001,\"reason\"", "expires_in_seconds"),
            ("\"reason\"", "\"not_before\":\"tomorrow\",\"reason\"", "not_before"), ("\"reason\"", "\"not_before\":\"2999-01-01T00:00:00Z\",\"reason\"", "not_before"), ("\"reason\"", "\"not_before\":0,\"reason\"", "not_before"),
            ("\"reason\"", "\"params\":[],\"reason\"", "params"), ("\"reason\"", "\"params\":{\"duration\":60},\"reason\"", "params.duration"), ("\"reason\"", "\"params\":{\"duration_seconds\":59},\"reason\"", "params.duration_seconds"),
            ("\"reason\"", "\"params\":{\"duration_seconds\":\"60\"},\"reason\"", "params.duration_seconds"), ("\"reason\"", "\"params\":{\"allow\":[\"10.1\"]},\"reason\"", "params.allow[0]"),
            ("\"reason\"", $"\"params\":{{\"allow\":[{string.Join(',', Enumerable.Repeat("\"10.0.0.1\"", 33))}]}},\"reason\"", "params.allow"), ("\"reason\"", "\"params\":{\"allow\":[\"\\udc00\"]},\"reason\"", "params.allow[0]"),
            ("\"network_isolate\"", "\"network_restore\",\"params\":{\"force\":true}", "params.force"), ("\"network_isolate\"", "\"kill_process\"", "params.pid"),
            ("\"network_isolate\"", "\"kill_process\",\"params\":{\"pid\":1,\"name\":\"init\"}", "params.pid"), ("\"network_isolate\"", "\"kill_process\",\"params\":{\"pid\":4194305,\"name\":\"x\"}", "params.pid"),
            ("\"network_isolate\"", "\"kill_process\",\"params\":{\"pid\":7}", "params.start_time"), ("\"network_isolate\"", "\"kill_process\",\"params\":{\"pid\":7,\"name\":\"\\u0000\"}", "params.name"),
            ("\"network_isolate\"", "\"collect_forensics\",\"params\":{\"collect\":[\"shadow\"]}", "params.collect[0]"),
        }
        select new WrongInput("POST /api/v1/commands", "admin", Order.Replace(change.From, change.To, StringComparison.Ordinal), 400, change.Field);

    private static IEnumerable<WrongInput> Addresses =>
    [
        new("POST /api/v1/commands", "admin", Order.Replace("$host", "nowhere", StringComparison.Ordinal), 404, "hosts"),
        new("POST /api/v1/commands", "admin", Order.Replace("\"hosts\":[\"$host\"]", "\"tags\":[\"nobody\"]", StringComparison.Ordinal), 404, "tags"),
        new("POST /api/isolate", "admin", """{"hostname":"nowhere"}""", 404, "hostname"),
        new("POST /api/isolate", "admin", "{}", 400, "hostname"),
        new("POST /api/isolate", "admin", """{"hostname":7}""", 400, "hostname"),
        new("POST /api/restore", "admin", """{"hostname":"$host","reason":"no"}""", 400, "reason"),
        new("POST /api/restore", "admin", """{"hostname":"$host","force":true}""", 400, "force"),
        new("POST /api/v1/commands/$id/cancel", "admin", "{}", 400, "reason"),
        new("POST /api/v1/commands/$id/cancel", "admin", """{"reason":"why"}""", 400, "reason"),
        new("POST /api/v1/commands/$id/cancel", "admin", """{"reason":"because it must be","force":1}""", 400, "force"),
        .. from id in new[] { "999999", "0", "-1", "9223372036854775807", "9223372036854775808", "abc", "1.5", "%00" }
           from call in new[] { ("POST", "/cancel", """{"reason":"because it must be"}"""), ("GET", "", null), ("GET", "/events", (string?)null) }
           select new WrongInput($"{call.Item1} /api/v1/commands/{id}{call.Item2}", "admin", call.Item3, id == "%00" ? 400 : 404),
        new("GET /api/v1/agents/nowhere", "admin", null, 404),
        new("DELETE /api/v1/agents/nowhere", "admin", null, 404, "id"),
        new("DELETE /api/v1/agents/$host", "admin", null, 404, "id"),
        new("POST /api/v1/agents", "admin", "{}", 400, "hostname"),
        new("POST /api/v1/agents", "admin", """{"hostname":"new","legacy":false}""", 400, "legacy"),
        new("POST /api/v1/agents", "admin", """{"hostname":"a b","legacy":true}""", 400, "hostname"),
        new("POST /api/v1/agents", "admin", """{"hostname":"a-aaaaaaaaaaaaaaaaaaaaaaaaaa","legacy":true}""", 400, "hostname"),
        new("POST /api/v1/agents", "admin", """{"hostname":"$host","legacy":true}""", 409),
        new("POST /api/v1/enrollment-tokens", "admin", """{"uses":1001}""", 400, "uses"),
        new("POST /api/v1/agents/nowhere/release-code", "admin", """{"reason":"because it must be"}""", 404, "id"),
        new("POST /api/v1/agents/$host/release-code", "admin", """{"reason":"because it must be"}""", 409),
        new("POST /api/v1/agents/$host/release-code", "admin", "{}", 400, "reason"),
        new("POST /api/v1/agents/$host/release-code", "admin", """{"reason":"because it must be","expires_in_seconds":59}""", 400, "expires_in_seconds"),
        new("POST /api/v1/agents/$host/release-code", "admin", """{"reason":"because it must be","expires_in_seconds":"60"}""", 400, "expires_in_seconds"),
        new("POST /api/v1/agents/$host/release-code", "admin", """{"reason":"because it must be","command_id":1}""", 400, "command_id"),
        new("PUT /api/v1/commands", "admin", "{}", 405),
        new("GET /api/v1/nothing", "admin", null, 404),
    ];

    private static IEnumerable<WrongInput> Questions =>
        from query in new[]
        {
            ("status=nope", "status"), ("status=pending,nope", "status"), ("command=nope", "command"), ("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("limit=1.5", "limit"),
            ("limit=99999999999", "limit"), ("after=x", "after"), ("after=c--1", "after"), ("after=c-99999999999999999999", "after"), ("host=a%00b", "host"), ("created_by=%00", "created_by"), ("batch=%00", "batch"),
        }
        from list in new[] { "commands", "evidence" }
        where list == "commands" || query.Item2 is "limit" or "after" or "host" or "command"
        select new WrongInput($"GET /api/v1/{list}?{query.Item1}", "admin", null, 400, query.Item2);

    private static IEnumerable<WrongInput> Agents =>
    [
        new("POST /command/result", "sentinel", "{}", 400, "command_id"),
        new("POST /command/result", "sentinel", """{"command_id":$id}""", 400, "success"),
        new("POST /command/result", "sentinel", """{"command_id":"$id","success":true}""", 400, "command_id"),
        new("POST /command/result", "sentinel", """{"command_id":-1,"success":true}""", 400, "command_id"),
        new("POST /command/result", "sentinel", """{"command_id":9007199254740992,"success":true}""", 400, "command_id"),
        new("POST /command/result", "sentinel", """{"command_id":1e3000,"success":true}""", 400, "command_id"),
        new("POST /command/result", "sentinel", """{"command_id":$id,"success":"yes"}""", 400, "success"),
        new("POST /command/result", "sentinel", """{"command_id":$id,"success":true,"message":7}""", 400, "message"),
        new("POST /command/result", "sentinel", """{"command_id":$id,"success":true,"message":"\ud800"}""", 400, "message"),
        new("POST /command/result", "sentinel", """{"command_id":$id,"success":true,"success":false}""", 400, "success"),
        new("POST /command/result", "sentinel", $$"""{"command_id":$id,"success":true,"message":"{{new string('x', 10_001)}}"}""", 400, "message"),
        new("POST /command/result", "sentinel", $$"""{"command_id":$id,"success":true,"data":"{{new string('x', 270_000)}}"}""", 400, "data"),
        new("POST /command/result", "sentinel", """{"command_id":$id,"success":true,"data":{"text":"\ud800"}}""", 400, "data"),
        new("POST /telemetry", "sentinel", """{"hostname":"\ud800","isolated":true}""", 400, "body"),
        new("POST /telemetry", "sentinel", """{"isolated":true,"isolated":false}""", 400, "isolated"),
        new("GET /command/poll", "sentinel", null, 400, "host"),
        new("GET /command/poll?host=%00", "sentinel", null, 403),
        .. from change in new (string From, string To, string Field)[]
           {
               ("\"epoch\":\"e1\",", "", "epoch"), ("\"e1\"", "7", "epoch"), ("\"e1\"", "\"a b\"", "epoch"), ("\"e1\"", "\"\\u0000\"", "epoch"), ("\"instance\":\"i1\",", "", "instance"),
               ("\"n\":1", "\"n\":0", "n"), ("\"n\":1", "\"n\":\"1\"", "n"), ("\"n\":1", "\"n\":9007199254740992", "n"), ("\"position\":0", "\"position\":-1", "position"), ("\"n\":1", "\"n\":1,\"n\":2", "n"),
               ("\"n\":1", "\"n\":1,\"highest_seq\":4503599627370496", "highest_seq"), ("\"n\":1", "\"n\":1,\"wait_seconds\":31", "wait_seconds"), ("\"n\":1", "\"n\":1,\"wait_seconds\":-1", "wait_seconds"),
               ("\"n\":1", "\"n\":1,\"info\":{\"hostname\":\"a\\u0000\"}", "info"), ("\"n\":1", "\"n\":1,\"info\":7", "info"), ("\"n\":1", "\"n\":1,\"info\":{\"os\":\"\\udc00\"}", "info.os"),
               ("\"n\":1", "\"n\":1,\"observed\":{\"isolated\":\"yes\"}", "observed.isolated"), ("\"n\":1", "\"n\":1,\"observed\":{\"isolated\":true,\"rules\":\"fine\"}", "observed.rules"),
               ("\"n\":1", "\"n\":1,\"holding\":[{\"uid\":\"x\",\"attempt\":1,\"state\":\"received\"}]", "holding[0].uid"), ("\"n\":1", "\"n\":1,\"holding\":[null]", "holding"), ("\"n\":1", "\"n\":1,\"holding\":{}", "holding"),
               ("\"n\":1", "\"n\":1,\"results\":[{\"uid\":\"$uid\",\"attempt\":1,\"outcome\":\"done\"}]", "results[0].outcome"), ("\"n\":1", "\"n\":1,\"results\":[{\"uid\":\"$uid\",\"attempt\":0,\"outcome\":\"executed\"}]", "results"),
               ("\"n\":1", "\"n\":1,\"results\":[{\"uid\":\"$uid\",\"attempt\":1,\"outcome\":\"executed\",\"data\":\"\\ud800\"}]", "results"), ("\"n\":1", "\"n\":1,\"results\":[{\"uid\":\"$uid\",\"attempt\":1,\"outcome\":\"executed\",\"started_at\":\"now\"}]", "results[0].started_at"),
               ("\"n\":1", $"\"n\":1,\"results\":[{{\"uid\":\"$uid\",\"attempt\":1,\"outcome\":\"executed\",\"data\":\"{new string('x', 270_000)}\"}}]", "results"),
               ("\"n\":1", "\"n\":1,\"events\":[{\"event_id\":\"a b\",\"kind\":\"crashed\",\"at\":\"2026-01-01T00:00:00Z\"}]", "events"), ("\"n\":1", "\"n\":1,\"events\":[{\"event_id\":\"e\",\"kind\":\"crashed\",\"at\":\"2026-01-01T00:00:00Z\",\"data\":\"\\ud800\"}]", "events"),
           }
           select new WrongInput("POST /agent/v1/sync", "agent", """{"epoch":"e1","instance":"i1","n":1,"position":0}""".Replace(change.From, change.To, StringComparison.Ordinal), 400, change.Field),
        .. from change in new (string From, string To, string Field)[]
           {
               ("\"uid\":\"$uid\",", "", "uid"), ("\"$uid\"", "7", "uid"), ("\"$uid\"", "\"x\"", "uid"), ("\"a.gz\"", "null", "name"), ("\"a.gz\"", "\"\"", "name"), ("\"a.gz\"", "\"..\"", "name"),
               ("\"a.gz\"", "\".hidden\"", "name"), ("\"a.gz\"", "\"a/b\"", "name"), ("\"a.gz\"", "\"a\\\\b\"", "name"), ("\"a.gz\"", "\"a\\u0000\"", "name"), ("\"a.gz\"", "\"a\\r\\nb\"", "name"),
               ("\"a.gz\"", "\"a\\u202egz\"", "name"), ("\"a.gz\"", "\"\\ud800\"", "name"), ("\"a.gz\"", $"\"{new string('x', 101)}\"", "name"), ("\"archive\"", "\"<b>\"", "kind"), ("\"archive\"", "null", "kind"),
               ("\"archive\"", $"\"{new string('x', 33)}\"", "kind"), ("\"size\":9", "\"size\":0", "size"), ("\"size\":9", "\"size\":-1", "size"), ("\"size\":9", "\"size\":1.5", "size"), ("\"size\":9", "\"size\":\"9\"", "size"),
               ("\"size\":9", "\"size\":9223372036854775808", "size"), (new string('0', 64), new string('0', 63), "sha256"), (new string('0', 64), new string('A', 64), "sha256"), (new string('0', 64), new string('g', 64), "sha256"),
               ("\"size\":9", "\"size\":9,\"size\":8", "size"),
           }
           select new WrongInput("POST /agent/v1/evidence", "agent", $$"""{"uid":"$uid","name":"a.gz","kind":"archive","size":9,"sha256":"{{new string('0', 64)}}"}""".Replace(change.From, change.To, StringComparison.Ordinal), 400, change.Field),
        new("POST /agent/v1/evidence", "agent", $$"""{"uid":"$uid","name":"a.gz","kind":"archive","size":9,"sha256":"{{new string('0', 64)}}"}""", 404, "uid"),
        new("PATCH /agent/v1/evidence/e-00000000000000000000000000000000", "agent", "x", 400, "upload_offset", "application/octet-stream"),
        new("PATCH /agent/v1/evidence", "agent", "x", 405),
        new("GET /api/v1/evidence/nowhere", "admin", null, 404),
        new("DELETE /api/v1/evidence/nowhere", "admin", null, 405),
        new("POST /agent/v1/enroll", "nobody", """{"token":7}""", 400, "token"),
        new("POST /agent/v1/enroll", "nobody", """{"token":"vtx_enr_x.y","hostname":"a"}""", 401),
        new("POST /agent/v1/token", "nobody", """{"assertion":["a.b.c"]}""", 400, "assertion"),
        new("POST /agent/v1/token", "nobody", """{"assertion":"a.b.c"}""", 401),
    ];
}
