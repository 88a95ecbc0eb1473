using System.Text.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Contracts.Tests.Wire;

/// <summary>What agents and hub say to each other (protocol, sections 3 and 4).</summary>
internal static class AgentGoldens
{
    public static readonly Guid Uid = Guid.Parse("0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091");
    public static readonly DateTimeOffset At = new(2026, 1, 31, 9, 30, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset Later = At.AddTicks(1_234_560);

    public static readonly Envelope Envelope = new(123, Uid, 2, "ep", "eyJ2IjoxfQ", "k1", "c2ln");
    private static readonly Observed Observed = new(true, At, Later, RulesState.Intact);

    private static readonly AgentInfo Info = new() { Hostname = "web-01", Os = "linux", Version = "1.2.3", Capabilities = ["network_isolate"] };

    private static readonly ResultReport Result = new(Uid, 2, Outcome.Executed, "done", Data("""{"a":1}"""), At, Later, true);

    public static IEnumerable<Golden> All =>
    [
        Golden.Of(new SyncRequest
        {
            Epoch = "ep", Instance = "in", N = 7, Position = 41, HighestSeq = 1_769_000_000_000_000, Info = Info, Observed = Observed,
            Holding = [new(Uid, 2, HoldingState.Started)], Received = [new(Uid, 2)], Results = [Result],
            Events = [new("e-1", "isolation_tampered", At, Uid, Data("{}"))], Answers = [new("q-1", Data("[]"))], WaitSeconds = 25,
        }, """
            {"epoch":"ep","instance":"in","n":7,"position":41,"highest_seq":1769000000000000,
             "info":{"hostname":"web-01","os":"linux","version":"1.2.3","capabilities":["network_isolate"]},
             "observed":{"isolated":true,"since":"2026-01-31T09:30:00Z","verified_at":"2026-01-31T09:30:00.123456Z","rules":"intact"},
             "holding":[{"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","attempt":2,"state":"started"}],
             "received":[{"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","attempt":2}],
             "results":[{"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","attempt":2,"outcome":"executed","message":"done","data":{"a":1},
                         "started_at":"2026-01-31T09:30:00Z","finished_at":"2026-01-31T09:30:00.123456Z","verified":true}],
             "events":[{"event_id":"e-1","kind":"isolation_tampered","at":"2026-01-31T09:30:00Z","uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","data":{}}],
             "answers":[{"ask_id":"q-1","data":[]}],"wait_seconds":25}
            """),
        Golden.Of(new SyncReply
        {
            HubTime = Later, Commands = [Envelope], Recorded = [Uid.ToString(), "e-1"], Cancel = [new(Uid, "ep", CancelWhy.Superseded)],
            Drop = [new(Uid, DropWhy.UnknownUid)], Asks = [new("q-1", "processes", Data("{}"))],
            Keys = [new("k2", "cHVi", "2026-02-01T00:00:00Z", "k1", "c2ln")], NextPollSeconds = 10,
        }, """
            {"hub_time":"2026-01-31T09:30:00.123456Z",
             "commands":[{"id":123,"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","attempt":2,"epoch":"ep","payload":"eyJ2IjoxfQ","key_id":"k1","signature":"c2ln"}],
             "recorded":["0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","e-1"],
             "cancel":[{"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","epoch":"ep","why":"superseded"}],
             "drop":[{"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","why":"unknown_uid"}],
             "asks":[{"ask_id":"q-1","what":"processes","params":{}}],
             "keys":[{"key_id":"k2","public_key":"cHVi","not_before":"2026-02-01T00:00:00Z","signed_by":"k1","signature":"c2ln"}],
             "next_poll_seconds":10}
            """),
        Golden.Of(new[] { Envelope }, """
            [{"id":123,"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","attempt":2,"epoch":"ep","payload":"eyJ2IjoxfQ","key_id":"k1","signature":"c2ln"}]
            """),
        Golden.Of(new CancelOrder[] { new(Uid, "ep", CancelWhy.Cancelled), new(Uid, "ep", CancelWhy.Expired) }, """
            [{"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","epoch":"ep","why":"cancelled"},{"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","epoch":"ep","why":"expired"}]
            """),
        Golden.Of(new Ask[] { new("q-1", "processes", null) }, """[{"ask_id":"q-1","what":"processes","params":null}]"""),
        Golden.Of(new CommandPayload(1, "h-1", "a-x", 123, Uid, 1_769_000_000_000_001, "network_isolate", Data("""{"duration_seconds":600}"""), "C2 beacon", "ana", At, Later), """
            {"v":1,"hub_id":"h-1","agent_id":"a-x","id":123,"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","seq":1769000000000001,"command":"network_isolate",
             "params":{"duration_seconds":600},"reason":"C2 beacon","issued_by":"ana","issued_at":"2026-01-31T09:30:00Z","expires_at":"2026-01-31T09:30:00.123456Z"}
            """),
        Golden.Of(Result, """
            {"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","attempt":2,"outcome":"executed","message":"done","data":{"a":1},
             "started_at":"2026-01-31T09:30:00Z","finished_at":"2026-01-31T09:30:00.123456Z","verified":true}
            """),
        Golden.Of(new AgentEvent("e-1", "crashed", At, null, null), """{"event_id":"e-1","kind":"crashed","at":"2026-01-31T09:30:00Z","uid":null,"data":null}"""),
        Golden.Of(new EnrolRequest("vtx_enr_s.f", "web-01", "linux", "1.2.3", "cHVi", "cHJvb2Y"), """
            {"token":"vtx_enr_s.f","hostname":"web-01","os":"linux","version":"1.2.3","public_key":"cHVi","proof":"cHJvb2Y"}
            """),
        Golden.Of(new EnrolReply("a-x", "h-1", [new("k1", "cHVi")], 10), """
            {"agent_id":"a-x","hub_id":"h-1","command_keys":[{"key_id":"k1","public_key":"cHVi"}],"poll_seconds":10}
            """),
        Golden.Of(new TokenRequest("h.c.s"), """{"assertion":"h.c.s"}"""),
        Golden.Of(new EvidenceOffer(Uid, "archive.tar.gz", "archive", 4096, new string('a', 64)),
            $$"""{"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","name":"archive.tar.gz","kind":"archive","size":4096,"sha256":"{{new string('a', 64)}}"}"""),
        Golden.Of(new EvidenceTicket("e-1", 1024), """{"evidence_id":"e-1","offset":1024}"""),
        Golden.Of(new TokenReply("vtx_agt_x", 3600), """{"access_token":"vtx_agt_x","expires_in":3600}"""),
        Golden.Of(new AssertionHeader("ES256", "JWT"), """{"alg":"ES256","typ":"JWT"}"""),
        Golden.Of(new AssertionClaims("a-x", "a-x", "h-1", 1_769_852_400, 1_769_852_700, "j"), """
            {"iss":"a-x","sub":"a-x","aud":"h-1","iat":1769852400,"exp":1769852700,"jti":"j"}
            """),
        Golden.Of(Info, """{"hostname":"web-01","os":"linux","version":"1.2.3","capabilities":["network_isolate"]}"""),
        Golden.Of(Observed, """
            {"isolated":true,"since":"2026-01-31T09:30:00Z","verified_at":"2026-01-31T09:30:00.123456Z","rules":"intact"}
            """),
    ];

    public static JsonElement Data(string json) => JsonElement.Parse(json);
}
