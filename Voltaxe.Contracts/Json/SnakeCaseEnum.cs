using System.Text.Json;
using System.Text.Json.Serialization;

namespace Voltaxe.Contracts.Json;

/// <summary>
/// An enum as its snake_case word (<c>AwaitingApproval</c> ⇄ <c>awaiting_approval</c>). Everything else is refused: numbers, unknown
/// words, other case, and lists such as <c>executed, failed</c>, which the framework's own converter adds up to a third value.
/// </summary>
public sealed class SnakeCaseEnum<T> : JsonConverter<T>
    where T : struct, Enum
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Words.TryParse<T>(reader.GetString(), out var value)
            ? value
            : throw new JsonException($"Must be one of {string.Join(", ", Enum.GetValues<T>().Select(Words.Of))}.");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(Words.Of(value));
}

/// <summary>The words of the wire for the values of an enum, for databases, filters and screens.</summary>
public static class Words
{
    public static string Of<T>(T value) where T : struct, Enum => Table<T>.Words[value];

    public static bool TryParse<T>(string? word, out T value) where T : struct, Enum
    {
        value = default;
        return word is not null && Table<T>.Values.TryGetValue(word, out value);
    }

    private static class Table<T> where T : struct, Enum
    {
        public static readonly IReadOnlyDictionary<T, string> Words =
            Enum.GetValues<T>().ToDictionary(v => v, v => JsonNamingPolicy.SnakeCaseLower.ConvertName(v.ToString()));

        public static readonly IReadOnlyDictionary<string, T> Values =
            Words.ToDictionary(p => p.Value, p => p.Key, StringComparer.Ordinal);
    }
}
