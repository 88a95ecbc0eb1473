using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Voltaxe.Contracts.Json;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Transports;

/// <summary>A JSON body as a wire type, or the refusal that says what is wrong with it and in which field.</summary>
public static partial class JsonBody
{
    /// <summary>What an operator's request may weigh; 500 host names of 253 characters fit.</summary>
    public const int OperatorLimit = 256 * 1024;

    /// <summary>The operators' API: a field that is not known is an error.</summary>
    public static async Task<Result<T>> ReadStrictAsync<T>(HttpContext context, int limit = OperatorLimit) where T : class
    {
        var bytes = await ReadBytesAsync(context, limit);
        return bytes.Refusal is { } refusal ? refusal : Parse<T>(bytes.Value, strict: true);
    }

    /// <summary>The agents' routes: fields that are not known are ignored.</summary>
    public static async Task<Result<T>> ReadLenientAsync<T>(HttpContext context, int limit) where T : class
    {
        var bytes = await ReadBytesAsync(context, limit);
        return bytes.Refusal is { } refusal ? refusal : Parse<T>(bytes.Value, strict: false);
    }

    /// <summary>The body as it came, for those who compare it byte for byte. 415 for another content type, 413 when too large.</summary>
    public static async Task<Result<byte[]>> ReadBytesAsync(HttpContext context, int limit)
    {
        var request = context.Request;
        if (!request.HasJsonContentType())
            return new Refusal(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "The content type must be application/json.");
        if (request.ContentLength > limit)
            return TooLarge(limit);
        using var kept = new MemoryStream((int)(request.ContentLength ?? 0));
        var buffer = new byte[8 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, context.RequestAborted)) > 0)
        {
            if (kept.Length + read > limit)
                return TooLarge(limit);
            kept.Write(buffer, 0, read);
        }
        var body = kept.ToArray();
        // The parser takes bytes that are no UTF-8 inside a string, and fails when they are read.
        return Utf8.IsValid(body) ? body : Refusal.Invalid("body", "is not UTF-8");
    }

    public static Result<T> Parse<T>(ReadOnlySpan<byte> json, bool strict) where T : class
    {
        try
        {
            var options = strict ? WireJson.Strict : WireJson.Default.Options;
            return JsonSerializer.Deserialize(json, (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T))) is { } value
                ? value
                : Refusal.Invalid("body", "must be a JSON object");
        }
        catch (JsonException e)
        {
            return Explain(e);
        }
    }

    /// <summary>For what is read by hand: any JSON value, strict as the wire types are.</summary>
    public static Result<JsonElement> ParseElement(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonElement.Parse(json, new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            return Explain(e);
        }
        catch (InvalidOperationException)
        {
            // Names are compared to find one that is given twice, and half a surrogate pair cannot be.
            return Refusal.Invalid("body", "must not hold half a surrogate pair");
        }
    }

    private static Refusal TooLarge(int limit) =>
        new(StatusCodes.Status413PayloadTooLarge, "too_large", $"The body may have at most {limit} bytes.");

    /// <summary>Says which field, never what stood in it: names that are not ours are echoed only when they are plain.</summary>
    private static Refusal Explain(JsonException e)
    {
        if (UnknownOrTwice().Match(e.Message) is { Success: true } named)
        {
            var name = named.Groups["name"].Value;
            return Refusal.Invalid(PlainPath().IsMatch(name) ? name : "body", named.Groups["twice"].Success ? "is given twice" : "is not known");
        }
        if (Missing().Match(e.Message) is { Success: true } missing)
            return Refusal.Invalid(QuotedName().Matches(missing.Groups["names"].Value).ToDictionary(m => m.Groups[1].Value, _ => new[] { "is required" }));
        var path = e.Path is { Length: > 2 } full && full.StartsWith("$.", StringComparison.Ordinal) ? full[2..] : "";
        return PlainPath().IsMatch(path)
            ? Refusal.Invalid(path, "has the wrong type or form")
            : Refusal.Invalid("body", "is not the JSON that was expected");
    }

    [GeneratedRegex(@"JSON property '(?<name>.*)' could not be mapped|(?<twice>Duplicate) property '(?<name>.*)' encountered", RegexOptions.Singleline)]
    private static partial Regex UnknownOrTwice();

    [GeneratedRegex("missing required properties[^:]*:(?<names>.*)", RegexOptions.Singleline)]
    private static partial Regex Missing();

    [GeneratedRegex("'([a-z0-9_]+)'")]
    private static partial Regex QuotedName();

    [GeneratedRegex(@"^[A-Za-z0-9_]{1,64}([.\[][A-Za-z0-9_\].\[]{1,100})?\z")]
    private static partial Regex PlainPath();
}
