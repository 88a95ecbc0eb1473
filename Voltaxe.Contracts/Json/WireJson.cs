using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Contracts.Json;

/// <summary>
/// Every type that crosses the wire, source-generated: snake_case, no polymorphism, nothing discovered at run time.
/// Unknown fields are ignored (sync); the operators' API uses <see cref="Strict"/>, which refuses them.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    PropertyNameCaseInsensitive = false,
    NumberHandling = JsonNumberHandling.Strict,
    AllowDuplicateProperties = false,
    MaxDepth = 32,
    Converters = [typeof(WireTime)])]
[JsonSerializable(typeof(SyncRequest))]
[JsonSerializable(typeof(SyncReply))]
[JsonSerializable(typeof(Envelope[]))]
[JsonSerializable(typeof(CancelOrder[]))]
[JsonSerializable(typeof(Ask[]))]
[JsonSerializable(typeof(CommandPayload))]
[JsonSerializable(typeof(ResultReport))]
[JsonSerializable(typeof(AgentEvent))]
[JsonSerializable(typeof(EnrolRequest))]
[JsonSerializable(typeof(EnrolReply))]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(TokenReply))]
[JsonSerializable(typeof(AssertionHeader))]
[JsonSerializable(typeof(AssertionClaims))]
[JsonSerializable(typeof(EvidenceOffer))]
[JsonSerializable(typeof(EvidenceTicket))]
[JsonSerializable(typeof(AgentInfo))]
[JsonSerializable(typeof(Observed))]
[JsonSerializable(typeof(NewCommands))]
[JsonSerializable(typeof(QueuedCommands))]
[JsonSerializable(typeof(CommandView))]
[JsonSerializable(typeof(CommandResultView))]
[JsonSerializable(typeof(AgentView))]
[JsonSerializable(typeof(AgentView[]))]
[JsonSerializable(typeof(Page<CommandView>))]
[JsonSerializable(typeof(Page<AgentView>))]
[JsonSerializable(typeof(EvidenceView))]
[JsonSerializable(typeof(Page<EvidenceView>))]
[JsonSerializable(typeof(ReasonBody))]
[JsonSerializable(typeof(NewAgent))]
[JsonSerializable(typeof(NewAgentReply))]
[JsonSerializable(typeof(NewEnrolmentToken))]
[JsonSerializable(typeof(NewEnrolmentTokenReply))]
[JsonSerializable(typeof(NewReleaseCode))]
[JsonSerializable(typeof(ReleaseCodeReply))]
[JsonSerializable(typeof(ReleasePayload))]
[JsonSerializable(typeof(SeedPollReply))]
[JsonSerializable(typeof(IReadOnlyList<SeedCommand>))]
[JsonSerializable(typeof(SeedResult))]
[JsonSerializable(typeof(SeedResultReply))]
[JsonSerializable(typeof(SeedError))]
[JsonSerializable(typeof(SeedContain))]
[JsonSerializable(typeof(SeedContainReply))]
[JsonSerializable(typeof(IReadOnlyList<SeedTelemetry>))]
[JsonSerializable(typeof(SeedStatus))]
[JsonSerializable(typeof(ProblemView))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(IsolateParams))]
[JsonSerializable(typeof(KillParams))]
[JsonSerializable(typeof(CollectParams))]
public sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>As <see cref="JsonSerializerContext.Options"/> of <see cref="Default"/>, but a field that is not known is an error.</summary>
    public static JsonSerializerOptions Strict => field ??= new(Default.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>For human-readable storage and screens: as on the wire, with non-ASCII text left readable.</summary>
    public static JsonSerializerOptions Readable => field ??= new(Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>An empty JSON object, <c>{}</c>.</summary>
    public static JsonElement EmptyObject { get; } = System.Text.Json.JsonElement.Parse("{}");
}
