using System.Globalization;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Texts;

namespace Voltaxe.Dashboard.Model.Progress;

/// <summary>What a running collection said last of itself.</summary>
public static class CollectSentence
{
    /// <summary>Only of what was handed out and has not ended is there anything to hear.</summary>
    public static bool IsHeardOf(CommandView command) => command is { Status: CommandStatus.Delivered, Command: CommandNames.CollectForensics };

    public static string Of(ProgressView said)
    {
        var what = said.Stage switch
        {
            ProgressStage.Collecting => "Collecting",
            ProgressStage.Uploading => "Sending to the hub",
            _ => "At work",
        };
        var item = string.IsNullOrWhiteSpace(said.Item) ? "" : ": " + SafeText.Line(said.Item, 64);
        return string.Create(CultureInfo.InvariantCulture, $"{what}{item} – {Math.Clamp(said.Percent, 0, 100)} %");
    }
}
