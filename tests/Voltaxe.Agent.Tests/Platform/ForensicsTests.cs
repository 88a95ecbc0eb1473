using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Voltaxe.Agent.Actions;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.Linux;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Tests.Platform;

public sealed class ForensicsTests
{
    private static readonly CollectForensics Action = new(new HostPlatform("linux", null, null, new LinuxForensics(BootTime.ReadBootId())));

    private static async Task<JsonElement> CollectAsync(string parameters, Outcome expected = Outcome.Executed)
    {
        var command = new AcceptedCommand(1, 1, CommandNames.CollectForensics, JsonElement.Parse(parameters), "", "", DateTimeOffset.MaxValue);
        var result = await Action.RunAsync(new ActionOrder(Guid.NewGuid(), command, false), CancellationToken.None);
        Assert.Equal(expected, result.Outcome);
        Assert.InRange(result.Data!.Value.GetRawText().Length, 1, ResultReport.MaxDataBytes);
        return result.Data.Value.GetProperty("items");
    }

    [LinuxFact]
    public async Task The_process_list_contains_this_process_with_its_identity()
    {
        var list = (await CollectAsync("""{"collect":["processes"]}""")).GetProperty("processes").GetProperty("list");
        var me = list.EnumerateArray().Single(p => p.GetProperty("pid").GetInt32() == Environment.ProcessId);
        Assert.Equal(ProcStat.Read(Environment.ProcessId)!.StartTime(BootTime.ReadBootId()), me.GetProperty("start_time").GetString());
        Assert.Contains("dotnet", me.GetProperty("exe").GetString(), StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task The_socket_list_contains_a_listener_of_this_process_with_its_owner()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var list = (await CollectAsync("""{"collect":["sockets"]}""")).GetProperty("sockets").GetProperty("list");
        var mine = list.EnumerateArray().Single(s => s.GetProperty("local").GetString() == listener.LocalEndpoint.ToString() && s.GetProperty("protocol").GetString() == "tcp");
        Assert.Equal(("listen", Environment.ProcessId), (mine.GetProperty("state").GetString(), mine.GetProperty("pid").GetInt32()));
    }

    [LinuxFact]
    public async Task What_this_version_does_not_have_is_an_error_in_its_place_and_never_invented()
    {
        var items = await CollectAsync("""{"collect":["processes","packages","logs"]}""");
        Assert.True(items.GetProperty("processes").GetProperty("count").GetInt32() > 0);
        foreach (var absent in (string[])["packages", "logs"])
            Assert.Equal(["error"], items.GetProperty(absent).EnumerateObject().Select(p => p.Name));
        await CollectAsync("""{"collect":["packages"]}""", Outcome.Failed);
    }

    [LinuxFact]
    public async Task Without_a_list_everything_that_the_agent_has_is_collected()
    {
        var items = await CollectAsync("{}");
        Assert.Equal(new LinuxForensics("b").Collectors, items.EnumerateObject().Select(p => p.Name));
    }

    [LinuxFact]
    public void What_does_not_fit_is_cut_and_counted()
    {
        var item = new LinuxForensics("boot").Collect("processes", 2_000, CancellationToken.None);
        Assert.InRange(item.ToJsonString().Length, 1, 2_100);
        var (count, cut, kept) = ((int)item["count"]!, (int)item["cut"]!, item["list"]!.AsArray().Count);
        Assert.Equal(count, cut + kept);
        Assert.True(cut > 0);
    }

    [Theory]
    [InlineData("0100007F:1F90", "127.0.0.1:8080")]
    [InlineData("00000000000000000000000001000000:0016", "[::1]:22")]
    [InlineData("0000000000000000FFFF00000100007F:0050", "[::ffff:127.0.0.1]:80")]
    public void Addresses_of_the_kernel_are_read_right(string hex, string endPoint) => Assert.Equal(endPoint, LinuxForensics.EndPoint(hex));
}
