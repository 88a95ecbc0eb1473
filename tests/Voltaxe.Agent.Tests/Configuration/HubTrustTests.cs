using System.Security.Cryptography.X509Certificates;
using Voltaxe.Agent.Channels;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.Agent.Tests.Configuration;

/// <summary>A hub behind TLS, with certificates as they are and as they should not be.</summary>
public sealed class HubTrustTests : IDisposable
{
    private readonly Certificates certificates = new();
    private readonly TempFolder folder = new("tls");

    public void Dispose()
    {
        certificates.Dispose();
        folder.Dispose();
    }

    private HubTrust Ours => new([certificates.Authority], []);

    /// <summary>Why a hub with this certificate does not answer; null: it does.</summary>
    private static async Task<string?> WhyNotAsync(X509Certificate2 shown, HubTrust trust, DateTimeOffset? now = null)
    {
        await using var hub = await TestHub.StartAsync("https://127.0.0.1:0", certificate: shown);
        using var http = HubChannels.MakeClient(new HubAddresses([hub.Url]), trust, now is { } n ? () => n : null);
        try
        {
            Assert.Equal("ok", await http.GetStringAsync(new Uri(hub.Url, "healthz")));
            return null;
        }
        catch (HttpRequestException e)
        {
            return Problems.Describe(e);
        }
    }

    [Fact]
    public async Task A_certificate_of_the_authority_in_ca_file_is_accepted_and_of_no_other()
    {
        using var shown = certificates.Issue();
        Assert.Null(await WhyNotAsync(shown, Ours));
        Assert.Contains("not trusted: it was issued by CN=Test authority", await WhyNotAsync(shown, HubTrust.System), StringComparison.Ordinal);
        using var others = new Certificates();
        Assert.Contains("not trusted", await WhyNotAsync(shown, new HubTrust([others.Authority], [])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wrong_with_a_certificate_is_named()
    {
        using var other = certificates.Issue("hub.example");
        Assert.Contains("for another name: hub.example, not 127.0.0.1", await WhyNotAsync(other, Ours), StringComparison.Ordinal);
        using var old = certificates.Issue(from: TimeSpan.FromDays(-9), until: TimeSpan.FromDays(-2));
        Assert.Contains("expired on", await WhyNotAsync(old, Ours), StringComparison.Ordinal);
        using var early = certificates.Issue(from: TimeSpan.FromDays(2));
        Assert.Contains("not valid before", await WhyNotAsync(early, Ours), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dates_are_compared_with_the_time_that_the_agent_knows_and_not_with_a_clock_that_is_wrong()
    {
        using var old = certificates.Issue(from: TimeSpan.FromDays(-9), until: TimeSpan.FromDays(-2));
        Assert.Null(await WhyNotAsync(old, Ours, Certificates.Now.AddDays(-5)));
        using var good = certificates.Issue();
        Assert.Contains("not valid before", await WhyNotAsync(good, Ours, Certificates.Now.AddYears(-10)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pin_asks_for_more_than_a_valid_certificate_and_never_for_less()
    {
        using var shown = certificates.Issue();
        Assert.Null(await WhyNotAsync(shown, Ours with { Pins = [new byte[32], HubTrust.PinOf(shown)] }));
        Assert.Null(await WhyNotAsync(shown, Ours with { Pins = [HubTrust.PinOf(certificates.Authority)] }));
        Assert.Contains($"it is {Convert.ToBase64String(HubTrust.PinOf(shown))}", await WhyNotAsync(shown, Ours with { Pins = [new byte[32]] }), StringComparison.Ordinal);
        Assert.Contains("not trusted", await WhyNotAsync(shown, HubTrust.System with { Pins = [HubTrust.PinOf(shown)] }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_agent_enrols_checks_and_speaks_over_TLS_as_agent_conf_says()
    {
        using var shown = certificates.Issue();
        await using var hub = await TestHub.StartAsync("https://127.0.0.1:0", certificate: shown);
        var (state, conf, authority) = (folder.File("state"), folder.File("agent.conf"), folder.File("ca.pem"));
        await File.WriteAllTextAsync(authority, certificates.Authority.ExportCertificatePem());
        await File.WriteAllTextAsync(conf, "");
        string[] enroll = ["enroll", "--hub", hub.Url.ToString(), "--token", hub.Token, "--name", "web-01", "--state", state, "-config", conf];

        var refused = await RunAsync(enroll);
        Assert.Equal(ExitCodes.Unreachable, refused.ExitCode);
        Assert.Contains("not trusted", refused.Said, StringComparison.Ordinal);

        await File.WriteAllTextAsync(conf, $"[server]\nca_file = {authority}\npin_sha256 = {Convert.ToHexString(HubTrust.PinOf(shown))}\n");
        var enrolled = await RunAsync(enroll);
        Assert.True(enrolled.ExitCode == ExitCodes.Done, enrolled.Said);
        Assert.DoesNotContain("warning", enrolled.Said, StringComparison.Ordinal);
        Assert.Contains("sign-in at", (await RunAsync("check", "--dry-run", "--state", state, "-config", conf)).Said, StringComparison.Ordinal);
        await using (var agent = Start("run", "--dry-run", "--state", state, "-config", conf))
            await Eventually.TrueAsync(() => hub.Syncs.Any(s => s.Channel == "push"), TimeSpan.FromSeconds(60));

        // Another key than the pinned one, as after a break-in at the authority.
        await File.WriteAllTextAsync(conf, $"[server]\nca_file = {authority}\npin_sha256 = {Convert.ToBase64String(new byte[32])}\n");
        Assert.Contains("not one of those in pin_sha256", (await RunAsync("check", "--dry-run", "--state", state, "-config", conf)).Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plain_http_to_a_hub_elsewhere_is_warned_of_at_enrolment_and_in_check()
    {
        var state = folder.File("state");
        var away = await RunAsync("enroll", "--hub", "http://192.0.2.1:9", "--token", "vtx_enr_a.0123456789abcdef", "--name", "web-01", "--state", state);
        Assert.Contains("warning: http://192.0.2.1:9/: http is not encrypted", away.Said, StringComparison.Ordinal);

        await using var hub = await TestHub.StartAsync();
        var here = await RunAsync("enroll", "--hub", hub.Url.ToString(), "--token", hub.Token, "--name", "web-01", "--state", state);
        Assert.True(here.ExitCode == ExitCodes.Done, here.Said);
        Assert.DoesNotContain("warning", here.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("warning", (await RunAsync("check", "--dry-run", "--state", state)).Said, StringComparison.Ordinal);
        Assert.Contains("warning hub http://192.0.2.1:9/", (await RunAsync("check", "--dry-run", "--state", state, "-api", "http://192.0.2.1:9")).Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("sha256//AAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=, x")]
    public void A_pin_that_is_none_is_refused(string text)
    {
        Assert.Null(HubTrust.ReadPins(text, out var fault));
        Assert.NotNull(fault);
    }

    [Fact]
    public void A_ca_file_without_a_certificate_is_refused()
    {
        File.WriteAllText(folder.File("ca.pem"), "nothing");
        Assert.Null(HubTrust.ReadAuthorities(folder.File("ca.pem"), out var fault));
        Assert.Contains("no certificate", fault, StringComparison.Ordinal);
        Assert.Null(HubTrust.ReadAuthorities(folder.File("nowhere.pem"), out fault));
        Assert.Contains("cannot be read", fault, StringComparison.Ordinal);
    }

    private static ChildProcess Start(params string[] arguments) => ChildProcess.Start(ChildStart.DotNet(SourceTree.Built("Voltaxe.Agent"), arguments), "agent " + arguments[0]);

    private static async Task<(int ExitCode, string Said)> RunAsync(params string[] arguments)
    {
        await using var agent = Start(arguments);
        return (await agent.ExitAsync(TimeSpan.FromSeconds(60)), agent.Output);
    }
}
