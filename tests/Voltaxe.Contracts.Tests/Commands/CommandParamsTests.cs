using System.Text.Json;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Contracts.Tests.Commands;

public sealed class CommandParamsTests
{
    [Theory]
    [InlineData("network_isolate", "{}")]
    [InlineData("network_isolate", "null")]
    [InlineData("network_isolate", """{"duration_seconds":null,"allow":null}""")]
    [InlineData("network_isolate", """{"duration_seconds":60}""")]
    [InlineData("network_isolate", """{"duration_seconds":2592000,"allow":["192.0.2.7","10.0.0.0/8","2001:db8::1","2001:db8::/32"]}""")]
    [InlineData("network_restore", "{}")]
    [InlineData("kill_process", """{"pid":2,"name":"bash"}""")]
    [InlineData("kill_process", """{"pid":42,"name":""}""")]
    [InlineData("kill_process", """{"pid":42,"name":"a\u001b[31m\n\u2028b"}""")]
    [InlineData("kill_process", """{"pid":4194304,"start_time":"boot:123","name":null}""")]
    [InlineData("collect_forensics", "{}")]
    [InlineData("collect_forensics", """{"collect":["processes","sockets","processes"]}""")]
    public void Good_parameters_have_no_faults(string command, string json) => Assert.Empty(CommandParams.Check(command, Parse(json)));

    [Theory]
    [InlineData("network_isolate", """{"duration_seconds":59}""", "params.duration_seconds")]
    [InlineData("network_isolate", """{"duration_seconds":2592001}""", "params.duration_seconds")]
    [InlineData("network_isolate", """{"duration_seconds":-60}""", "params.duration_seconds")]
    [InlineData("network_isolate", """{"duration_seconds":60.5}""", "params.duration_seconds")]
    [InlineData("network_isolate", """{"duration_seconds":1e99}""", "params.duration_seconds")]
    [InlineData("network_isolate", """{"duration_seconds":"600"}""", "params.duration_seconds")]
    [InlineData("network_isolate", """{"duration_seconds":true}""", "params.duration_seconds")]
    [InlineData("network_isolate", """{"duration_seconds":[600]}""", "params.duration_seconds")]
    [InlineData("network_isolate", """{"allow":"10.0.0.1"}""", "params.allow")]
    [InlineData("network_isolate", """{"allow":{}}""", "params.allow")]
    [InlineData("network_isolate", """{"allow":["10.0.0.1","x"]}""", "params.allow[1]")]
    [InlineData("network_isolate", """{"allow":[1]}""", "params.allow[0]")]
    [InlineData("network_isolate", """{"allow":[null]}""", "params.allow[0]")]
    [InlineData("network_isolate", """{"allow":["\ud800"]}""", "params.allow[0]")]
    [InlineData("network_isolate", """{"Duration_Seconds":600}""", "params.Duration_Seconds")]
    [InlineData("network_isolate", """{"pid":2}""", "params.pid")]
    [InlineData("network_isolate", """{"a b":1}""", "params")]
    [InlineData("network_isolate", "[]", "params")]
    [InlineData("network_isolate", "\"{}\"", "params")]
    [InlineData("network_isolate", "1", "params")]
    [InlineData("network_restore", """{"duration_seconds":60}""", "params.duration_seconds")]
    [InlineData("network_restore", "false", "params")]
    [InlineData("kill_process", "{}", "params.pid")]
    [InlineData("kill_process", "null", "params.pid")]
    [InlineData("kill_process", """{"pid":42}""", "params.start_time")]
    [InlineData("kill_process", """{"name":"bash"}""", "params.pid")]
    [InlineData("kill_process", """{"pid":1,"name":"init"}""", "params.pid")]
    [InlineData("kill_process", """{"pid":0,"name":"x"}""", "params.pid")]
    [InlineData("kill_process", """{"pid":-42,"name":"x"}""", "params.pid")]
    [InlineData("kill_process", """{"pid":4194305,"name":"x"}""", "params.pid")]
    [InlineData("kill_process", """{"pid":"42","name":"x"}""", "params.pid")]
    [InlineData("kill_process", """{"pid":42,"name":7}""", "params.name")]
    [InlineData("kill_process", """{"pid":42,"name":"a\u0000b"}""", "params.name")]
    [InlineData("kill_process", """{"pid":42,"name":"\ud800"}""", "params.name")]
    [InlineData("kill_process", """{"pid":42,"start_time":"a\nb"}""", "params.start_time")]
    [InlineData("collect_forensics", """{"collect":["everything"]}""", "params.collect[0]")]
    [InlineData("collect_forensics", """{"collect":["Processes"]}""", "params.collect[0]")]
    [InlineData("collect_forensics", """{"collect":"processes"}""", "params.collect")]
    [InlineData("collect_forensics", """{"collect":[["processes"]]}""", "params.collect[0]")]
    [InlineData("format_disk", "{}", "command")]
    [InlineData("", "{}", "command")]
    [InlineData("Network_Isolate", "{}", "command")]
    public void A_fault_is_told_by_its_field(string command, string json, string field)
    {
        var faults = CommandParams.Check(command, Parse(json));
        Assert.Contains(field, faults.Keys);
        Assert.All(faults[field], text => Assert.NotEmpty(text));
    }

    [Fact]
    public void All_faults_are_told_at_once() =>
        Assert.Equal(["params.pid", "params.name", "params.x"], CommandParams.Check("kill_process", Parse("""{"pid":1,"name":7,"x":1}""")).Keys);

    [Fact]
    public void A_field_given_twice_is_a_fault_and_not_the_last_one() =>
        Assert.Equal(["params.pid"], CommandParams.Check("kill_process", Parse("""{"pid":42,"pid":43,"name":"x"}""")).Keys);

    [Fact]
    public void Lists_are_bounded()
    {
        static string Allow(int count) => $$"""{"allow":[{{string.Join(',', Enumerable.Range(0, count).Select(n => $"\"10.0.0.{n}\""))}}]}""";
        Assert.Empty(CommandParams.Check("network_isolate", Parse(Allow(32))));
        Assert.Equal(["params.allow"], CommandParams.Check("network_isolate", Parse(Allow(33))).Keys);
    }

    [Fact]
    public void Huge_parameters_are_one_fault_and_not_a_thousand()
    {
        var huge = $$"""{"allow":[{{string.Join(',', Enumerable.Repeat("\"x\"", 300_000))}}]}""";
        Assert.Equal(["params"], CommandParams.Check("network_isolate", Parse(huge)).Keys);
    }

    [Fact]
    public void Many_unknown_fields_do_not_put_hostile_names_into_the_answer()
    {
        var faults = CommandParams.Check("network_isolate", Parse("""{"<script>":1,"\u001b[2J":1,"ok_name":1}"""));
        Assert.Equal(["params", "params.ok_name"], faults.Keys);
    }

    [Fact]
    public void A_lone_surrogate_in_a_field_name_is_a_fault_and_not_a_crash() =>
        Assert.NotEmpty(CommandParams.Check("network_isolate", Parse("""{"\ud800":1}""")));

    [Fact]
    public void Absent_parameters_are_empty_ones()
    {
        Assert.Empty(CommandParams.Check("network_isolate", null));
        Assert.Empty(CommandParams.Check("network_isolate", default(JsonElement)));
        Assert.Null(CommandParams.ReadIsolate(null).DurationSeconds);
        Assert.Empty(CommandParams.ReadIsolate(null).Allow);
    }

    [Fact]
    public void What_is_read_is_what_was_given()
    {
        var isolate = CommandParams.ReadIsolate(Parse("""{"duration_seconds":600,"allow":["10.1.0.0/16"]}"""));
        Assert.Equal((600, "10.1.0.0/16"), (isolate.DurationSeconds, Assert.Single(isolate.Allow)));
        Assert.Equal(new KillParams(42, "boot:1", "bash"), CommandParams.ReadKill(Parse("""{"name":"bash","start_time":"boot:1","pid":42}""")));
        Assert.Equal(["processes"], CommandParams.ReadCollect(Parse("""{"collect":["processes","processes"]}""")).Collect);
        Assert.Throws<FormatException>(() => CommandParams.ReadKill(Parse("""{"pid":1,"name":"init"}""")));
        Assert.Throws<FormatException>(() => CommandParams.ReadIsolate(Parse("[]")));
    }

    private static JsonElement Parse(string json) => JsonElement.Parse(json);
}
