using System.Globalization;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>
/// Every terminal by <c>wall</c>, and every desktop by <c>notify-send</c> in its owner's own session, where those programs are. What is not
/// there, or fails, is no fault: an isolation does not depend on whether somebody could be told.
/// </summary>
public sealed class LinuxNoticeBoard(Exec exec, Func<string, string?> find) : INoticeBoard
{
    public async Task<IReadOnlyList<string>> TellAsync(string text, CancellationToken ct)
    {
        var told = new List<string>();
        if (find("wall") is { } wall && await RanAsync(wall, [], text + "\n", ct))
            told.Add("wall");
        if (find("notify-send") is not { } notify || find("loginctl") is not { } loginctl || find("runuser") is not { } runuser)
            return told;
        foreach (var (uid, user) in await DesktopsAsync(loginctl, ct))
        {
            string[] inSession = ["-u", user, "--", "env", string.Create(CultureInfo.InvariantCulture, $"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/{uid}/bus"),
                notify, "--urgency=critical", "--app-name=Voltaxe", "Network", text];
            if (await RanAsync(runuser, inSession, null, ct))
                told.Add("desktop of " + user);
        }
        return told;
    }

    /// <summary>Who sits at a seat: one line a session, <c>ID UID USER SEAT …</c>.</summary>
    private async Task<IEnumerable<(uint Uid, string User)>> DesktopsAsync(string loginctl, CancellationToken ct)
    {
        try
        {
            var sessions = await exec.RunAsync(loginctl, ["list-sessions", "--no-legend"], null, ct);
            return sessions.Output.Split('\n')
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(words => words.Length >= 4 && words[3].StartsWith("seat", StringComparison.Ordinal) && uint.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out _))
                .Select(words => (uint.Parse(words[1], CultureInfo.InvariantCulture), words[2]))
                .Distinct();
        }
        catch (PlatformException)
        {
            return [];
        }
    }

    private async Task<bool> RanAsync(string program, IEnumerable<string> arguments, string? input, CancellationToken ct)
    {
        try
        {
            return (await exec.RunAsync(program, arguments, input, ct)).ExitCode == 0;
        }
        catch (PlatformException)
        {
            return false;
        }
    }
}
