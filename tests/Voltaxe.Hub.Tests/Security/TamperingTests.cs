using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Hub.Accounts;
using Voltaxe.Hub.Security;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;
using static Voltaxe.Hub.Tests.Agents.EnrolmentTests;

namespace Voltaxe.Hub.Tests.Security;

/// <summary>Somebody can write to the database, and knows all that is in this program but the keys.</summary>
public sealed class TamperingTests
{
    [Fact]
    public async Task No_secret_lies_in_the_database()
    {
        await using var hub = await RunningHub.StartAsync();
        var secrets = new List<string> { await hub.TokenAsync(Role.Admin), await hub.EnrolmentTokenAsync(uses: 2), (await hub.LegacyAgentAsync("web-02")).Token };
        var agent = await WireIdentity.EnrolAsync(hub.Http, secrets[1], "web-01");
        secrets.Add(await agent.AccessTokenAsync());
        secrets.Add((await hub.SendAsync(new CreateUser.Request("ana", Role.Viewer, new("boss", Role.Admin)))).Value);
        await using (var db = hub.Get<Persistence.HubDbFactory>().Create())
            await db.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(TRUNCATE)");
        SqliteConnection.ClearAllPools();
        var found = 0;
        foreach (var file in Directory.GetFiles(hub.DataFolder, "voltaxe.db*"))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var kept = new MemoryStream();
            await stream.CopyToAsync(kept);
            var text = Encoding.Latin1.GetString(kept.ToArray());
            found += text.Contains("web-01", StringComparison.Ordinal) ? 1 : 0;
            foreach (var secret in secrets)
            {
                Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
                Assert.DoesNotContain(secret[^43..], text, StringComparison.Ordinal);
                Assert.DoesNotContain(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(secret))), text, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain(Base64UrlText.Encode(SHA256.HashData(Encoding.UTF8.GetBytes(secret))), text, StringComparison.Ordinal);
            }
        }
        Assert.True(found > 0, "the database was not looked at");
    }

    [Fact]
    public async Task A_token_whose_role_or_name_is_edited_opens_nothing()
    {
        await using var hub = await RunningHub.StartAsync();
        var (first, second) = (await hub.TokenAsync(Role.Viewer, "eve"), await hub.TokenAsync(Role.Viewer, "bob"));
        await hub.TamperAsync($"UPDATE operator_tokens SET role = 'admin' WHERE name = 'eve'");
        await hub.TamperAsync($"UPDATE operator_tokens SET name = 'ana' WHERE name = 'bob'");
        foreach (var token in new[] { first, second })
        {
            using var client = hub.Client(token);
            await TextAsync(client.GetAsync("/api/v1/agents"), 401);
        }
    }

    [Fact]
    public async Task A_row_with_a_hash_of_ones_own_opens_nothing()
    {
        await using var hub = await RunningHub.StartAsync();
        var agent = await hub.LegacyAgentAsync("web-01");
        var (secret, id) = (new string('e', 43), new string('a', 16));
        var pat = $"vtx_pat_{id}_{secret}";
        var plain = Base64UrlText.Encode(SHA256.HashData(Encoding.UTF8.GetBytes(pat)));
        await hub.TamperAsync($"INSERT INTO operator_tokens (id, name, role, hash, created_at) VALUES ({id}, 'eve', 'admin', {plain}, 0)");
        var leg = $"vtx_leg_{agent.AgentId[2..]}_{secret}";
        await hub.TamperAsync($"INSERT INTO agent_tokens (hash, agent_id) VALUES ({Base64UrlText.Encode(SHA256.HashData(Encoding.UTF8.GetBytes(leg)))}, {agent.AgentId})");
        foreach (var (token, path) in new[] { (pat, "/api/v1/agents"), (leg, "/command/poll?host=web-01") })
        {
            using var client = hub.Client(token);
            await TextAsync(client.GetAsync(path), 401);
        }
    }

    [Fact]
    public async Task An_agents_token_that_is_given_to_another_or_made_longer_opens_nothing()
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(clock: clock);
        var (own, other) = (await hub.LegacyAgentAsync("web-01"), await hub.LegacyAgentAsync("web-02"));
        await hub.TamperAsync($"UPDATE agent_tokens SET agent_id = {other.AgentId} WHERE agent_id = {own.AgentId}");
        using var moved = hub.Client(own.Token);
        await TextAsync(moved.GetAsync("/command/poll?host=web-02"), 401);

        var agent = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-03");
        using var longer = hub.Client(await agent.AccessTokenAsync());
        await hub.TamperAsync($"UPDATE agent_tokens SET expires_at = expires_at + 864000000000 WHERE agent_id = {agent.AgentId}");
        clock.Advance(TimeSpan.FromMinutes(61));
        await TextAsync(longer.GetAsync("/command/poll?host=web-03"), 401);
    }

    [Fact]
    public async Task A_key_that_is_put_in_place_of_an_agents_own_signs_in_nobody()
    {
        await using var hub = await RunningHub.StartAsync();
        var agent = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01");
        using var mine = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await hub.TamperAsync($"UPDATE agents SET public_key = {P256.PublicKeyOf(mine)} WHERE id = {agent.AgentId}");
        await TextAsync(agent.TryTokenAsync(agent.Assertion(signedBy: mine)), 401);
    }

    [Fact]
    public async Task An_enrolment_token_that_is_made_longer_lets_nobody_in()
    {
        var clock = new ManualClock();
        await using var hub = await RunningHub.StartAsync(clock: clock);
        var token = await hub.EnrolmentTokenAsync(seconds: 60);
        await hub.TamperAsync($"UPDATE enrolment_tokens SET expires_at = expires_at + 864000000000");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, token, "web-01", key), 401);
        clock.Advance(TimeSpan.FromSeconds(61));
        await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, token, "web-01", key), 401);
    }

    [Fact]
    public async Task A_password_hash_that_is_copied_or_made_elsewhere_opens_nothing()
    {
        await using var hub = await RunningHub.StartAsync();
        var hasher = hub.Get<IPasswordHasher<HubUser>>();
        var (eve, ana) = (new HubUser { Id = "1" }, new HubUser { Id = "2" });
        var hash = hasher.HashPassword(eve, "long enough for eve");
        Assert.Equal(PasswordVerificationResult.Success, hasher.VerifyHashedPassword(eve, hash, "long enough for eve"));
        Assert.Equal(PasswordVerificationResult.Failed, hasher.VerifyHashedPassword(ana, hash, "long enough for eve"));
        var foreign = new PasswordHasher<HubUser>().HashPassword(ana, "long enough for eve");
        Assert.Equal(PasswordVerificationResult.Failed, hasher.VerifyHashedPassword(ana, foreign, "long enough for eve"));
        Assert.Equal(PasswordVerificationResult.Failed, hasher.VerifyHashedPassword(ana, "x." + foreign, "long enough for eve"));
    }
}
