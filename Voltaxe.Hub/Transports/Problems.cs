using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Transports;

/// <summary>Refusals as RFC 9457 problems: one translation for every HTTP edge, the dashboard and the agents' socket.</summary>
public static class Problems
{
    public const string ContentType = "application/problem+json";
    private const string TypePrefix = "urn:voltaxe:problem:";

    private static readonly JsonSerializerOptions Compact = new(WireJson.Default.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static string TypeOf(string slug) => TypePrefix + slug;

    public static ProblemView ToView(this Refusal refusal, string? traceId, DateTimeOffset? hubTime = null) => new()
    {
        Type = TypeOf(refusal.Slug),
        Title = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(refusal.Status),
        Status = refusal.Status,
        Detail = refusal.Detail,
        Errors = refusal.Errors,
        TraceId = traceId,
        HubTime = hubTime,
    };

    /// <summary>For endpoints: the refusal as their answer.</summary>
    /// <param name="refusal">Why.</param>
    /// <param name="hubTime">Only for the 401 of <c>/agent/v1/token</c>.</param>
    public static IResult ToResult(this Refusal refusal, DateTimeOffset? hubTime = null) => new ProblemResult(refusal, hubTime);

    /// <summary>The value's answer, or the refusal's.</summary>
    public static IResult ToResult<T>(this Result<T> result, Func<T, IResult> ok) => result.Refusal is { } refusal ? refusal.ToResult() : ok(result.Value);

    /// <summary>A wire type as JSON, source-generated.</summary>
    public static IResult Json<T>(T value, int status = StatusCodes.Status200OK) => Results.Json(value, WireJson.Default.Options, statusCode: status);

    public static async Task WriteAsync(HttpContext context, Refusal refusal, DateTimeOffset? hubTime = null)
    {
        context.Response.StatusCode = refusal.Status;
        context.Response.ContentType = ContentType;
        if (refusal.Status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Bearer";
        if (!HttpMethods.IsHead(context.Request.Method))
            await JsonSerializer.SerializeAsync(context.Response.Body, refusal.ToView(TraceIdOf(context), hubTime), Compact, context.RequestAborted);
    }

    public static string TraceIdOf(HttpContext context) => Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier;

    private sealed class ProblemResult(Refusal refusal, DateTimeOffset? hubTime) : IResult, IStatusCodeHttpResult
    {
        public int? StatusCode => refusal.Status;

        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, refusal, hubTime);
    }
}
