using System.Text;
using System.Text.Json;

namespace Voltaxe.Hub.Delivery;

/// <summary>JSON can say half a surrogate pair (<c>"\ud800"</c>); no text can hold one, nor any database. Wire types refuse it as they are read; what is kept as it came is asked here.</summary>
public static class WholeText
{
    /// <summary>True when every name and text in it can be read.</summary>
    public static bool IsIn(JsonElement json)
    {
        var raw = json.GetRawText();
        if (!raw.Contains("\\u", StringComparison.Ordinal))
            return true;
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(raw));
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                    reader.GetString();
            }
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
