using System.Text.Json;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Contracts.Tests.Wire;

/// <summary>What operators and hub say to each other (protocol, section 7).</summary>
internal static class OperatorGoldens
{
    private static readonly DateTimeOffset At = AgentGoldens.At;

    private static readonly CommandView Full = new()
    {
        Id = 123, Uid = AgentGoldens.Uid, Host = "web-01", AgentId = "a-x", Command = "network_isolate", Params = AgentGoldens.Data("{}"), Reason = "C2 beacon",
        Ticket = "INC-1", Status = CommandStatus.AwaitingApproval, Priority = 10, Attempt = 1, Channel = Channel.Push, CreatedBy = "ana", ApprovedBy = "bo",
        BatchId = "b-1", SupersededBy = 124, UnknownWhy = UnknownWhy.NoReport, NotBefore = At, ExpiresAt = At, CreatedAt = At, ApprovedAt = At, DeliveredAt = At,
        ReceivedAt = At, StartedAt = At, ExecutedAt = At, VerifiedAt = At, FinishedAt = At, CancelRequestedAt = At, Result = new(true, "done", AgentGoldens.Data("{}")),
    };

    /// <summary>The example of the protocol, with the states that a fresh command has.</summary>
    private static readonly CommandView Bare = new()
    {
        Id = 123, Uid = AgentGoldens.Uid, Host = "web-01", AgentId = "a-x", Command = "network_isolate", Params = AgentGoldens.Data("{}"), Reason = "C2 beacon",
        Status = CommandStatus.Pending, Priority = 10, Attempt = 0, CreatedBy = "ana", CreatedAt = At,
    };

    private const string FullText = """
        {"id":123,"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","host":"web-01","agent_id":"a-x","command":"network_isolate","params":{},"reason":"C2 beacon","ticket":"INC-1",
         "status":"awaiting_approval","priority":10,"attempt":1,"channel":"push","created_by":"ana","approved_by":"bo","batch_id":"b-1","superseded_by":124,
         "unknown_why":"no_report","not_before":"2026-01-31T09:30:00Z","expires_at":"2026-01-31T09:30:00Z","created_at":"2026-01-31T09:30:00Z","approved_at":"2026-01-31T09:30:00Z",
         "delivered_at":"2026-01-31T09:30:00Z","received_at":"2026-01-31T09:30:00Z","started_at":"2026-01-31T09:30:00Z","executed_at":"2026-01-31T09:30:00Z",
         "verified_at":"2026-01-31T09:30:00Z","finished_at":"2026-01-31T09:30:00Z","cancel_requested_at":"2026-01-31T09:30:00Z",
         "result":{"success":true,"message":"done","data":{}}}
        """;

    private const string BareText = """
        {"id":123,"uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","host":"web-01","agent_id":"a-x","command":"network_isolate","params":{},"reason":"C2 beacon","ticket":null,
         "status":"pending","priority":10,"attempt":0,"channel":null,"created_by":"ana","approved_by":null,"batch_id":null,"superseded_by":null,
         "unknown_why":null,"not_before":null,"expires_at":null,"created_at":"2026-01-31T09:30:00Z","approved_at":null,"delivered_at":null,"received_at":null,"started_at":null,
         "executed_at":null,"verified_at":null,"finished_at":null,"cancel_requested_at":null,"result":null}
        """;

    private const string SeedText = """{"id":123,"command":"network_isolate","params":{"reason":"C2 beacon"},"priority":10,"created_at":"2026-01-31T09:30:00Z"}""";

    private static readonly SeedCommand Seed = new(123, "network_isolate", AgentGoldens.Data("""{"reason":"C2 beacon"}"""), 10, At);

    private static readonly EvidenceView Evidence = new()
    {
        Id = "e-1", CommandId = 17, CommandUid = AgentGoldens.Uid, AgentId = "a-x", Host = "web-01", Name = "archive.tar.gz", Kind = "archive", Size = 4096, Received = 4096,
        Sha256 = "ab", Complete = true, CreatedAt = At, UpdatedAt = At, CompletedAt = At, ReplacedAt = null,
    };

    private const string EvidenceText = """
        {"id":"e-1","command_id":17,"command_uid":"0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091","agent_id":"a-x","host":"web-01","name":"archive.tar.gz","kind":"archive","size":4096,"received":4096,
         "sha256":"ab","complete":true,"created_at":"2026-01-31T09:30:00Z","updated_at":"2026-01-31T09:30:00Z","completed_at":"2026-01-31T09:30:00Z","replaced_at":null}
        """;

    private static readonly AgentView Agent = new()
    {
        Id = "a-x", Host = "web-01", Os = "linux", Version = "1.2.3", Legacy = false, Presence = Presence.Live, LastSeen = At, Containment = Containment.Isolated, Drift = false,
        Observed = new(true, At, At, RulesState.Intact), Capabilities = ["network_isolate"], Tags = [], OpenCommands = 0, Degraded = null,
    };

    private const string AgentText = """
        {"id":"a-x","host":"web-01","os":"linux","version":"1.2.3","legacy":false,"presence":"live","last_seen":"2026-01-31T09:30:00Z","containment":"isolated","drift":false,
         "observed":{"isolated":true,"since":"2026-01-31T09:30:00Z","verified_at":"2026-01-31T09:30:00Z","rules":"intact"},"capabilities":["network_isolate"],"tags":[],
         "open_commands":0,"degraded":null}
        """;

    public static IEnumerable<Golden> All =>
    [
        Golden.Of(Full, FullText),
        Golden.Of(Bare, BareText),
        Golden.Of(new QueuedCommands(null, [Bare]), $$"""{"batch_id":null,"commands":[{{BareText}}]}"""),
        Golden.Of(new Page<CommandView>([Full], "n"), $$"""{"items":[{{FullText}}],"next":"n"}"""),
        Golden.Of(Agent, AgentText),
        Golden.Of(new[] { Agent }, $"[{AgentText}]"),
        Golden.Of(new Page<AgentView>([Agent], null), $$"""{"items":[{{AgentText}}],"next":null}"""),
        Golden.Of(Evidence, EvidenceText),
        Golden.Of(new Page<EvidenceView>([Evidence], "e-1"), $$"""{"items":[{{EvidenceText}}],"next":"e-1"}"""),
        Golden.Of(new CommandResultView(false, null, null), """{"success":false,"message":null,"data":null}"""),
        Golden.Of(new NewCommands
        {
            Command = "network_isolate", Hosts = ["web-01"], Tags = null, Params = AgentGoldens.Data("{}"), Reason = "C2 beacon", Ticket = "INC-1", Priority = 10, NotBefore = At, ExpiresInSeconds = 600,
        }, """
            {"command":"network_isolate","hosts":["web-01"],"tags":null,"params":{},"reason":"C2 beacon","ticket":"INC-1","priority":10,
             "not_before":"2026-01-31T09:30:00Z","expires_in_seconds":600}
            """),
        Golden.Of(new ReasonBody("false alarm"), """{"reason":"false alarm"}"""),
        Golden.Of(new NewAgent("old-01", true), """{"hostname":"old-01","legacy":true}"""),
        Golden.Of(new NewAgentReply("a-x", "t"), """{"agent_id":"a-x","token":"t"}"""),
        Golden.Of(new NewEnrolmentToken(1, 86_400, ["dmz"]), """{"uses":1,"expires_in_seconds":86400,"tags":["dmz"]}"""),
        Golden.Of(new NewEnrolmentTokenReply("vtx_enr_s.f", At), """{"token":"vtx_enr_s.f","expires_at":"2026-01-31T09:30:00Z"}"""),
        Golden.Of(new NewReleaseCode("sits in front of it", 3_600), """{"reason":"sits in front of it","expires_in_seconds":3600}"""),
        Golden.Of(new ReleaseCodeReply("vtx_rel_p.s", At, 123), """{"code":"vtx_rel_p.s","expires_at":"2026-01-31T09:30:00Z","command_id":123}"""),
        Golden.Of(new ReleasePayload(1, ReleasePayload.Release, "k", "h-x", "a-x", [AgentGoldens.Uid], 7, "n", At, At), """
            {"v":1,"purpose":"offline_release","key_id":"k","hub_id":"h-x","agent_id":"a-x","isolations":["0193a5b0-7c1e-7d2f-8a3b-4c5d6e7f8091"],"seq":7,"nonce":"n",
             "issued_at":"2026-01-31T09:30:00Z","expires_at":"2026-01-31T09:30:00Z"}
            """),
        Golden.Of(new ProblemView
        {
            Type = "urn:voltaxe:problem:not_found", Title = "t", Status = 404, Detail = "d", Errors = new Dictionary<string, string[]> { ["hosts[0]"] = ["is not known"] }, TraceId = "x", HubTime = At,
        }, """
            {"type":"urn:voltaxe:problem:not_found","title":"t","status":404,"detail":"d","errors":{"hosts[0]":["is not known"]},"trace_id":"x","hub_time":"2026-01-31T09:30:00Z"}
            """),
        Golden.Of(new IsolateParams(600, ["10.0.0.0/8"]), """{"duration_seconds":600,"allow":["10.0.0.0/8"]}"""),
        Golden.Of(new KillParams(42, "boot:1", "bash"), """{"pid":42,"start_time":"boot:1","name":"bash"}"""),
        Golden.Of(new CollectParams(["processes"]), """{"collect":["processes"]}"""),
        Golden.Of(AgentGoldens.Data("""{"a":[1,null]}"""), """{"a":[1,null]}"""),
        Golden.Of(new Dictionary<string, JsonElement> { ["a"] = AgentGoldens.Data("1") }, """{"a":1}"""),
        Golden.Of(new SeedPollReply([Seed]), $$"""{"commands":[{{SeedText}}]}"""),
        Golden.Of<IReadOnlyList<SeedCommand>>([Seed], $"[{SeedText}]"),
        Golden.Of(new SeedResult(123, true, "done", AgentGoldens.Data("{}")), """{"command_id":123,"success":true,"message":"done","data":{}}"""),
        Golden.Of(new SeedResultReply("recorded", Bare), $$"""{"status":"recorded","command":{{BareText}}}"""),
        Golden.Of(new SeedError("Command not found"), """{"error":"Command not found"}"""),
        Golden.Of(new SeedContain("web-01", "ana", "C2 beacon"), """{"hostname":"web-01","username":"ana","reason":"C2 beacon"}"""),
        Golden.Of(new SeedContainReply("isolated", "push", 123), """{"status":"isolated","method":"push","command_id":123}"""),
        Golden.Of<IReadOnlyList<SeedTelemetry>>([new("web-01", null, "never", null, "a-x", false)],
            """[{"hostname":"web-01","isolated":null,"status":"never","last_seen":null,"agent_id":"a-x","legacy":false}]"""),
        Golden.Of(new SeedStatus("ok"), """{"status":"ok"}"""),
        Golden.Of("a", "\"a\""),
        Golden.Of(new[] { "a" }, """["a"]"""),
    ];
}
