using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Voltaxe.Hub.Delivery;

/// <summary>
/// The free JSON that agents send. It is kept and shown again inside the hub's own answers, so it must be something that can be written:
/// half a surrogate pair cannot, and what is nested too deep would make every list that holds it fail.
/// </summary>
public static class AgentData
{
    /// <summary>Four levels of ours stand around it in a list of commands, and the wire has 32.</summary>
    public const int MaxDepth = 24;

    public static string Rule { get; } = $"whole Unicode, and nested at most {MaxDepth} deep";

    /// <param name="data">As it came; missing fits.</param>
    /// <param name="maxBytes">Of JSON text.</param>
    public static bool Fits(JsonElement? data, int maxBytes)
    {
        if (data is not { } element)
            return true;
        var json = JsonMarshal.GetRawUtf8Value(element);
        if (json.Length > maxBytes || !Utf8.IsValid(json))
            return false;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                    _ = reader.GetString();
            }
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
