using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;

namespace Voltaxe.Dashboard.Model.Texts;

/// <summary>JSON for reading: indented, capped, and with everything that could play tricks on a screen as <c>\u</c> escapes.</summary>
public static class SafeJson
{
    /// <summary>More than this nobody reads on a page; the API has the whole.</summary>
    public const int Max = 64 * 1024;

    private static readonly JavaScriptEncoder Encoder = MakeEncoder();

    private static readonly JsonSerializerOptions Indented = new(WireJson.Default.Options) { WriteIndented = true, Encoder = Encoder };

    /// <summary>The whole command, as the API would say it.</summary>
    public static string Of(CommandView command) =>
        Capped(JsonSerializer.Serialize(command, (JsonTypeInfo<CommandView>)Indented.GetTypeInfo(typeof(CommandView))));

    public static string Of(JsonElement json, int max = Max)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, Encoder = Encoder, MaxDepth = 64 }))
        {
            if (json.ValueKind == JsonValueKind.Undefined)
                writer.WriteNullValue();
            else
                Write(writer, json);
        }
        return Capped(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length), max);
    }

    /// <summary>A plain value as one line of text, as a person would say it.</summary>
    public static string Plain(JsonElement value, int max) => SafeText.Line(value.ValueKind == JsonValueKind.String ? Text(value) : value.GetRawText(), max);

    /// <summary>An element's own WriteTo copies its text as it came; this writes it anew, so that the encoder sees every string.</summary>
    private static void Write(Utf8JsonWriter writer, JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in json.EnumerateObject())
                {
                    writer.WritePropertyName(property.Name);
                    Write(writer, property.Value);
                }
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in json.EnumerateArray())
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(Text(json));
                break;
            default:
                json.WriteTo(writer);
                break;
        }
    }

    /// <summary>Letters of every script stay readable; what hides or turns text is escaped, so that it can be seen.</summary>
    private static JavaScriptEncoder MakeEncoder()
    {
        var settings = new TextEncoderSettings(UnicodeRanges.All);
        settings.ForbidCharacters([.. Enumerable.Range(0, 0x10000).Select(c => (char)c).Where(c => char.GetUnicodeCategory(c) is UnicodeCategory.Format)]);
        return JavaScriptEncoder.Create(settings);
    }

    private static string Text(JsonElement json)
    {
        try
        {
            return json.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: JSON can say it, text cannot.
            return json.GetRawText();
        }
    }

    private static string Capped(string json, int max = Max) => SafeText.Block(json, max);
}
