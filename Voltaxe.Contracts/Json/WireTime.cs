using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Voltaxe.Contracts.Json;

/// <summary>
/// Times on the wire: RFC 3339 in UTC with <c>Z</c> and at most six decimals, for example <c>2026-01-31T09:30:00.25Z</c>.
/// Anything else (another offset, a seventh decimal) is refused with a <see cref="JsonException"/>.
/// </summary>
public sealed class WireTime : JsonConverter<DateTimeOffset>
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'";

    public static string ToText(DateTimeOffset time) => time.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    /// <summary>The exact format alone would let a point without decimals pass, <c>09:30:00.Z</c>.</summary>
    public static bool TryParse(string? text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, Format, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time)
        && !text!.EndsWith(".Z", StringComparison.Ordinal);

    /// <summary>Cuts what the wire and the database cannot hold: anything below a microsecond.</summary>
    public static DateTimeOffset Truncate(DateTimeOffset time) =>
        new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && TryParse(reader.GetString(), out var time)
            ? time
            : throw new JsonException("A time must be RFC 3339 in UTC with Z and at most 6 decimals, as 2026-01-31T09:30:00Z.");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(ToText(value));
}
