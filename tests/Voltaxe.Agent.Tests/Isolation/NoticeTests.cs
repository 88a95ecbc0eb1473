using Microsoft.Extensions.Logging.Abstractions;
using Voltaxe.Agent.Actions;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.Linux;
using Voltaxe.Agent.Tests.Execution;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Isolation;

/// <summary>Who sits at the host learns that it is cut off, whom to ask, and when it ends.</summary>
public sealed class NoticeTests
{
    private static readonly Observed Free = new(false, null, null, RulesState.None), Cut = new(true, Orders.Noon, null, RulesState.Intact);
    private readonly Board board = new();
    private DateTimeOffset? until;

    [Fact]
    public async Task The_people_at_the_host_are_told_once_that_it_is_cut_off_and_once_that_it_is_over()
    {
        var notice = Make(NoticeSettings.Default with { Contact = "soc@example.org" });
        await notice.Saw(Free);
        Assert.Empty(board.Said);
        await notice.Saw(Cut);
        await notice.Saw(Cut with { VerifiedAt = Orders.Noon });
        var text = Assert.Single(board.Said);
        Assert.Contains("(web-01)", text, StringComparison.Ordinal);
        Assert.Contains("ask soc@example.org", text, StringComparison.Ordinal);
        Assert.Contains("until they lift it", text, StringComparison.Ordinal);
        await notice.Saw(Free);
        await notice.Saw(Free);
        Assert.Equal(2, board.Said.Count);
        Assert.Contains("may use the network again", board.Said[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_timed_isolation_says_when_it_ends()
    {
        until = new DateTimeOffset(2026, 3, 1, 14, 30, 0, TimeSpan.Zero);
        var notice = Make(NoticeSettings.Default with { Text = "{host}: {until}" });
        await notice.Saw(Free);
        await notice.Saw(Cut);
        Assert.Equal("web-01: until 2026-03-01 14:30 UTC at the latest", Assert.Single(board.Said));
    }

    [Fact]
    public async Task A_restarted_agent_and_rules_that_are_put_back_say_nothing_again()
    {
        var notice = Make(NoticeSettings.Default);
        await notice.Saw(Cut);
        await notice.Saw(new Observed(false, null, null, RulesState.Missing));
        await notice.Saw(new Observed(false, null, null, RulesState.Tampered));
        await notice.Saw(Cut);
        Assert.Empty(board.Said);
    }

    [Fact]
    public async Task Switched_off_it_says_nothing()
    {
        var notice = Make(NoticeSettings.Default with { Enabled = false });
        await notice.Saw(Free);
        await notice.Saw(Cut);
        Assert.Empty(board.Said);
    }

    [NeedsFact(Needs.Linux)]
    public async Task Terminals_are_told_by_wall_and_each_desktop_in_its_owners_session()
    {
        using var folder = new TempFolder("notice");
        var said = folder.File("said");
        Script("wall", $"echo \"wall: $(cat)\" >>{said}");
        Script("loginctl", "printf ' c1 1000 ana seat0 tty2\\n 7 0 root - pts/0\\n c2 1000 ana seat0 tty3\\n'");
        Script("runuser", $"echo \"runuser: $*\" >>{said}");
        Script("notify-send", "exit 1");
        string? Find(string program) => File.Exists(folder.File(program)) ? folder.File(program) : null;

        var ways = await new LinuxNoticeBoard(new Exec(), Find).TellAsync("cut off; $(reboot) `x`", default);

        Assert.Equal(["wall", "desktop of ana"], ways);
        Assert.Equal(
            ["wall: cut off; $(reboot) `x`", $"runuser: -u ana -- env DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus {folder.File("notify-send")} --urgency=critical --app-name=Voltaxe Network cut off; $(reboot) `x`"],
            File.ReadAllLines(said));

        Script("wall", "exit 1");
        File.Delete(folder.File("loginctl"));
        Assert.Empty(await new LinuxNoticeBoard(new Exec(), Find).TellAsync("text", default));

        void Script(string name, string body)
        {
            File.WriteAllText(folder.File(name), "#!/bin/sh\n" + body + "\n");
            Voltaxe.Testing.Processes.Shell.Run("chmod", "700", folder.File(name));
        }
    }

    private HostNotice Make(NoticeSettings settings) => new(board, settings, "web-01", () => until, TimeProvider.System, NullLogger<HostNotice>.Instance);

    private sealed class Board : INoticeBoard
    {
        public List<string> Said { get; } = [];

        public Task<IReadOnlyList<string>> TellAsync(string text, CancellationToken ct)
        {
            Said.Add(text);
            return Task.FromResult<IReadOnlyList<string>>(["board"]);
        }
    }
}
