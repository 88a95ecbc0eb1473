using Voltaxe.Agent.Configuration;

namespace Voltaxe.Agent.Tests.Configuration;

public sealed class AgentSettingsTests : IDisposable
{
    private readonly string file = Path.GetTempFileName();

    public void Dispose() => File.Delete(file);

    private (AgentSettings? Settings, IReadOnlyList<string> Faults) Load(string conf, Flags? flags = null, params (string, string)[] environment)
    {
        File.WriteAllText(file, conf);
        return AgentSettings.Load((flags ?? new Flags()) with { Config = file }, name => environment.FirstOrDefault(e => e.Item1 == name).Item2);
    }

    private const string Conf = """
        # as the first agents had it
        [server]
        api_url = http://from-file:8080

        [polling]
        enabled = true
        interval_seconds = 11
        """;

    [Fact]
    public void Flags_beat_the_environment_which_beats_the_file()
    {
        Assert.Equal("http://from-file:8080/", Load(Conf).Settings!.HubUrls![0].AbsoluteUri);
        Assert.Equal("http://from-environment:1/", Load(Conf, null, ("VOLTAXE_API_URL", "http://from-environment:1")).Settings!.HubUrls![0].AbsoluteUri);
        Assert.Equal("http://from-flag:2/", Load(Conf, new Flags { Api = "http://from-flag:2" }, ("VOLTAXE_API_URL", "http://from-environment:1")).Settings!.HubUrls![0].AbsoluteUri);
        Assert.Equal(TimeSpan.FromSeconds(11), Load(Conf).Settings!.PollInterval);
        Assert.Equal(TimeSpan.FromSeconds(7), Load(Conf, null, ("COMMAND_POLL_INTERVAL", "7")).Settings!.PollInterval);
        Assert.False(Load(Conf, null, ("COMMAND_POLL_ENABLED", "false")).Settings!.PollEnabled);
        Assert.Equal("/s", Load(Conf, null, ("VOLTAXE_STATE", "/s")).Settings!.State);
        Assert.Equal("/f", Load(Conf, new Flags { State = "/f" }, ("VOLTAXE_STATE", "/s")).Settings!.State);
    }

    [Fact]
    public void Nothing_configured_leaves_the_hub_to_enrolment_and_the_interval_to_the_hub()
    {
        var settings = Load("").Settings!;
        Assert.Equal((null, null, true, StateFolder.DefaultPath()), (settings.HubUrls, settings.PollInterval, settings.PollEnabled, settings.State));
    }

    [Fact]
    public void What_the_people_at_the_host_are_told_can_be_put_in_other_words()
    {
        Assert.Equal(NoticeSettings.Default, Load("").Settings!.Notice);
        var notice = Load("[notice]\nenabled = true\ncontact = soc@example.org\ntext = {host} is cut off\n").Settings!.Notice;
        Assert.Equal(new NoticeSettings(true, "soc@example.org", "{host} is cut off"), notice);
        Assert.False(Load("[notice]\nenabled = true\n", null, ("VOLTAXE_NOTICE", "off")).Settings!.Notice.Enabled);
        Assert.Contains(Load("[notice]\nenabled = maybe\ntext = " + new string('x', 2_000)).Faults, f => f.Contains("notice:text", StringComparison.Ordinal));
    }

    [Fact]
    public void All_faults_are_reported_at_once_by_their_key()
    {
        var (settings, faults) = Load("[server]\napi_url = nonsense\nwhat\n[polling]\nenabled = perhaps\n", new Flags { Name = "two words" }, ("COMMAND_POLL_INTERVAL", "0"));
        Assert.Null(settings);
        Assert.Equal(5, faults.Count);
        foreach (var key in (string[])["server:api_url", "line 3", "polling:enabled", "COMMAND_POLL_INTERVAL", "--name"])
            Assert.Contains(faults, f => f.Contains(key, StringComparison.Ordinal));
    }

    [Fact]
    public void What_a_collection_may_take_is_configured_and_what_is_not_given_fits_into_what_is()
    {
        const long mib = EvidenceLimits.MiB;
        Assert.Equal(new EvidenceLimits(), Load("").Settings!.Evidence);
        Assert.Equal(new EvidenceLimits { MaxBytes = 30 * mib, MaxItemBytes = 30 * mib, MaxPartBytes = 30 * mib, MaxTime = TimeSpan.FromMinutes(5) },
            Load("[forensics]\nmax_mib = 30\nmax_minutes = 7\n", null, ("VOLTAXE_FORENSICS_MAX_MINUTES", "5")).Settings!.Evidence);
        Assert.Equal(["forensics:max_part_mib: must not be more than forensics:max_item_mib", "forensics:max_item_mib: must not be more than forensics:max_mib"],
            Load("[forensics]\nmax_mib = 30\nmax_item_mib = 31\nmax_part_mib = 32\n").Faults);
        Assert.Equal("forensics:max_parts: must be a whole number from 1 to 20000", Assert.Single(Load("[forensics]\nmax_parts = 20001\n").Faults));
    }

    [Fact]
    public void What_counts_as_temporary_folders_is_configured_by_whole_paths()
    {
        Assert.Null(Load("").Settings!.TempFolders);
        Assert.Equal(["/tmp", "/srv/upload"], Load("[forensics]\ntemp_folders = /tmp, /srv/upload,,/tmp\n").Settings!.TempFolders!);
        Assert.Equal(["/scratch"], Load("[forensics]\ntemp_folders = /tmp\n", null, ("VOLTAXE_FORENSICS_TEMP_FOLDERS", "/scratch")).Settings!.TempFolders!);
        Assert.Equal(["forensics:temp_folders: 'tmp' is not a whole path without '..', as /var/tmp is", "forensics:temp_folders: '/tmp/../etc' is not a whole path without '..', as /var/tmp is"],
            Load("[forensics]\ntemp_folders = tmp,/tmp/../etc,/var/tmp\n").Faults);
        Assert.Equal("forensics:temp_folders: must name 1 to 32 folders, separated by commas", Assert.Single(Load("[forensics]\ntemp_folders = ,\n").Faults));
        Assert.Equal("forensics:temp_folders: must name 1 to 32 folders, separated by commas", Assert.Single(Load("[forensics]\ntemp_folders = " + string.Join(',', Enumerable.Range(0, 33).Select(n => $"/t{n}"))).Faults));
    }

    [Fact]
    public void A_configuration_file_that_was_named_must_be_there()
    {
        var (settings, faults) = AgentSettings.Load(new Flags { Config = file + ".missing" }, _ => null);
        Assert.Null(settings);
        Assert.StartsWith("-config", Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Several_hubs_are_separated_by_commas_and_quotes_are_dropped()
    {
        var hubs = Load("[server]\napi_url = \"http://eu:8080, https://us.example/base\"\n").Settings!.HubUrls!;
        Assert.Equal(["http://eu:8080/agent/v1/sync", "https://us.example/base/agent/v1/sync"], hubs.Select(h => HubUrls.At(h, "/agent/v1/sync").AbsoluteUri));
    }

    [Theory]
    [InlineData("ftp://hub")]
    [InlineData("http://user:pw@hub")]
    [InlineData("http://hub/?q=1")]
    [InlineData(",")]
    public void Addresses_that_are_no_hubs_are_refused(string text)
    {
        Assert.Null(HubUrls.Parse(text, out var fault));
        Assert.NotNull(fault);
    }
}
