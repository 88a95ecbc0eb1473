namespace Voltaxe.Hub.Commands;

/// <summary>Rules for the words that operators give.</summary>
public static class Texts
{
    /// <summary>What is wrong with a reason, or null.</summary>
    public static string? FaultOfReason(string? reason)
    {
        var length = reason?.Trim().Length ?? 0;
        if (length is < 5 or > 500)
            return "must be 5 to 500 characters";
        return reason!.Any(c => char.IsControl(c) && c is not ('\n' or '\t')) ? "must not contain control characters" : null;
    }
}
