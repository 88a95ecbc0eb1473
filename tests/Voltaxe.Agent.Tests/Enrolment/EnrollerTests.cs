using System.Security.Cryptography;
using Voltaxe.Agent.Channels;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Tests.Enrolment;

public sealed class EnrollerTests : IAsyncLifetime
{
    private readonly string state = Directory.CreateTempSubdirectory("voltaxe-enrol-").FullName;
    private TestHub hub = null!;

    public async Task InitializeAsync() => hub = await TestHub.StartAsync();

    public async Task DisposeAsync()
    {
        await hub.DisposeAsync();
        Directory.Delete(state, recursive: true);
    }

    private async Task<EnrolOutcome> EnrolAsync(string? token = null, string host = "web-01", params Uri[] hubs)
    {
        using var http = HubChannels.MakeClient(new HubAddresses([hub.Url]));
        return await new Enroller(http, StateFolder.Make(state)).EnrolAsync(hubs.Length > 0 ? hubs : [hub.Url], token ?? hub.Token, host, CancellationToken.None);
    }

    [Fact]
    public async Task The_key_that_the_token_names_is_pinned_and_the_state_is_private()
    {
        Assert.Equal(ExitCodes.Done, (await EnrolAsync()).ExitCode);
        var stored = EnrolmentState.Read(StateFolder.At(state))!;
        Assert.Equal((hub.AgentId, hub.HubId, "web-01", 10), (stored.AgentId, stored.HubId, stored.Hostname, stored.PollSeconds));
        Assert.Equal(P256.Fingerprint(hub.CommandKey), Assert.Single(stored.PinnedKeys).KeyId);
        if (OperatingSystem.IsWindows())
            return;
        Assert.Equal((UnixFileMode)0x1C0, File.GetUnixFileMode(state));
        foreach (var file in (string[])["agent.key", "enrolment.json"])
            Assert.Equal((UnixFileMode)0x180, File.GetUnixFileMode(Path.Combine(state, file)));
    }

    [Fact]
    public async Task A_hub_without_the_key_that_the_token_names_is_refused_and_nothing_is_pinned()
    {
        using var other = P256.Create();
        hub.Enrolling = reply => reply with { CommandKeys = [new CommandKey(P256.Fingerprint(hub.CommandKey), P256.PublicKeyOf(other))] };
        Assert.Equal(ExitCodes.Refused, (await EnrolAsync()).ExitCode);
        Assert.Null(EnrolmentState.Read(StateFolder.At(state)));
    }

    [Fact]
    public async Task Of_several_keys_only_the_named_one_is_pinned()
    {
        using var other = P256.Create();
        hub.Enrolling = reply => reply with { CommandKeys = [new CommandKey("x", P256.PublicKeyOf(other)), new CommandKey("wrong-name", P256.PublicKeyOf(hub.CommandKey))] };
        Assert.Equal(ExitCodes.Done, (await EnrolAsync()).ExitCode);
        Assert.Equal(P256.PublicKeyOf(hub.CommandKey), Assert.Single(EnrolmentState.Read(StateFolder.At(state))!.PinnedKeys).PublicKey);
    }

    [Fact]
    public async Task An_agent_id_that_is_not_that_of_the_key_is_refused()
    {
        hub.Enrolling = reply => reply with { AgentId = "a-aaaaaaaaaaaaaaaaaaaaaaaaaa" };
        Assert.Equal(ExitCodes.Refused, (await EnrolAsync()).ExitCode);
        Assert.Null(EnrolmentState.Read(StateFolder.At(state)));
    }

    [Fact]
    public async Task Enrolling_again_shows_the_same_key_and_name()
    {
        await EnrolAsync();
        await EnrolAsync();
        Assert.Equal(2, hub.Enrolments.Count);
        Assert.Single(hub.Enrolments.Select(e => (e.PublicKey, e.Token, e.Hostname)).Distinct());
    }

    [Fact]
    public async Task A_folder_that_belongs_to_another_hub_is_left_alone()
    {
        await EnrolAsync();
        using var other = P256.Create();
        Assert.Equal(ExitCodes.Refused, (await EnrolAsync(token: $"vtx_enr_secret.{P256.Fingerprint(other)}")).ExitCode);
        Assert.Single(hub.Enrolments);
    }

    [Theory]
    [InlineData("vtx_enr_.0123456789abcdef", "web-01")]
    [InlineData("vtx_enr_secret", "web-01")]
    [InlineData("vtx_pat_secret.0123456789abcdef", "web-01")]
    [InlineData(null, "web 01")]
    [InlineData(null, "a-aaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task What_is_malformed_is_refused_before_the_hub_is_asked(string? token, string host)
    {
        Assert.Equal(ExitCodes.Usage, (await EnrolAsync(token, host)).ExitCode);
        Assert.Empty(hub.Enrolments);
    }

    [Fact]
    public async Task Of_several_hubs_the_first_that_answers_is_asked_and_all_are_remembered()
    {
        var away = new Uri("http://127.0.0.1:1/");
        Assert.Equal(ExitCodes.Done, (await EnrolAsync(null, "web-01", away, hub.Url)).ExitCode);
        Assert.Equal([away.AbsoluteUri, hub.Url.AbsoluteUri], EnrolmentState.Read(StateFolder.At(state))!.HubUrls);
        Assert.Equal(ExitCodes.Unreachable, (await EnrolAsync(null, "web-01", away)).ExitCode);
    }

    [Fact]
    public void A_damaged_key_file_is_not_replaced_by_a_new_identity()
    {
        var folder = StateFolder.Make(state);
        File.WriteAllText(folder.KeyFile, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
        Assert.Throws<FormatException>(() => AgentKey.ReadOrMake(folder));
        using var rsa = RSA.Create(2048);
        File.WriteAllText(folder.KeyFile, rsa.ExportPkcs8PrivateKeyPem());
        Assert.Throws<FormatException>(() => AgentKey.ReadOrMake(folder));
    }
}
