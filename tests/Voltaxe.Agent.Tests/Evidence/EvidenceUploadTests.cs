using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Voltaxe.Agent.Channels;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Evidence;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Evidence;

/// <summary>The uploader over real HTTP against a shelf that fails as asked.</summary>
public sealed class EvidenceUploadTests : IAsyncLifetime
{
    private const int Size = 6 * 1024 * 1024 + 12_345;

    private readonly TempFolder folder = new("upload");
    private readonly EvidenceShelf shelf = new();
    private readonly ECDsa key = P256.Create();
    private readonly List<UploadState> told = [];
    private TestHub hub = null!;
    private HttpClient http = null!;
    private SignIn signIn = null!;

    public async Task InitializeAsync()
    {
        hub = await TestHub.StartAsync(shelf: shelf);
        http = HubChannels.MakeClient(new HubAddresses([hub.Url]));
        var enrolment = new EnrolmentState { AgentId = "a-x", HubId = hub.HubId, Hostname = "web-01", HubUrls = [hub.Url.AbsoluteUri], PinnedKeys = [], PollSeconds = 10 };
        signIn = new SignIn(http, key, enrolment, TimeProvider.System, NullLogger<SignIn>.Instance);
    }

    public async Task DisposeAsync()
    {
        await hub.DisposeAsync();
        signIn.Dispose();
        http.Dispose();
        key.Dispose();
        folder.Dispose();
    }

    private SealedEvidence Archive(int size = Size)
    {
        var path = folder.File("archive");
        var bytes = RandomNumberGenerator.GetBytes(size);
        File.WriteAllBytes(path, bytes);
        return new SealedEvidence(Guid.CreateVersion7(), "forensics.tar.gz", size, Convert.ToHexStringLower(SHA256.HashData(bytes)), "collected", JsonElement.Parse("{}")) { Path = path };
    }

    /// <summary>Waits between attempts are a hundredth of the real ones.</summary>
    private EvidenceUpload Uploader => new(_ => Task.FromResult(hub.Url), http, signIn, static () => 0.01, TimeProvider.System, NullLogger<EvidenceUpload>.Instance);

    private async Task SendAsync(SealedEvidence archive, CancellationToken ct = default)
    {
        var id = await Uploader.SendAsync(archive, state => { lock (told) told.Add(state); }, ct).Within(TimeSpan.FromSeconds(60));
        Assert.Equal(shelf.Only.Id, id);
        Assert.True(shelf.Only.Complete);
        Assert.Equal(File.ReadAllBytes(archive.Path), shelf.Only.Content);
    }

    [Fact]
    public async Task An_archive_arrives_whole_in_chunks_that_the_protocol_allows()
    {
        var archive = Archive();
        await SendAsync(archive);
        Assert.Equal(new EvidenceOffer(archive.Uid, archive.Name, "archive", Size, archive.Sha256), shelf.Only.Offer);
        Assert.All(shelf.Patches, p => Assert.InRange(p.Bytes, 1, AgentRoutes.MaxUploadBytes));
        Assert.Equal(Size, shelf.Patches.Sum(p => (long)p.Bytes));
        Assert.Equal(Size, told[^1].Reached);
    }

    [Fact]
    public async Task Lost_replies_and_lost_requests_cost_time_and_nothing_else()
    {
        shelf.Failing = visit => (visit.Number % 3) switch { 1 => Fault.ReplyLost, 2 => Fault.Lost, _ => null };
        await SendAsync(Archive());
        Assert.True(shelf.Visits.Count(v => v.Method == "POST") > 2);
        Assert.Contains(told, t => t.Trouble is not null);
    }

    [Fact]
    public async Task A_hub_that_stands_elsewhere_is_followed()
    {
        shelf.Before = visit =>
        {
            if (visit is { Method: "PATCH", Number: 2 })
                shelf.Forget(300_000);
            return Task.CompletedTask;
        };
        await SendAsync(Archive());
        Assert.Single(shelf.Visits, v => v.Method == "POST");
        Assert.Contains(shelf.Patches, p => p.Offset == 1024 * 1024 - 300_000);
    }

    [Fact]
    public async Task An_upload_goes_on_where_another_process_left_it()
    {
        var archive = Archive();
        shelf.Failing = visit => visit is { Method: "PATCH", Number: > 1 } ? Fault.Refuse(403) : null;
        await Assert.ThrowsAsync<EvidenceRefusedException>(() => Uploader.SendAsync(archive, _ => { }, default));
        shelf.Failing = _ => null;
        shelf.Visits.Clear();
        await SendAsync(archive);
        Assert.Equal(1024 * 1024, shelf.Patches.First().Offset);
    }

    [Fact]
    public async Task What_is_complete_at_the_hub_is_not_sent_again()
    {
        var archive = Archive();
        await SendAsync(archive);
        shelf.Visits.Clear();
        await SendAsync(archive);
        Assert.Empty(shelf.Patches);
    }

    [Fact]
    public async Task A_hash_that_does_not_hold_starts_over()
    {
        shelf.Mismatches = 2;
        await SendAsync(Archive(100_000));
        Assert.Equal(3, shelf.Patches.Count());
        Assert.All(shelf.Patches, p => Assert.Equal(0, p.Offset));
    }

    [Fact]
    public async Task A_hash_that_never_holds_is_given_up_after_a_few_times()
    {
        shelf.Mismatches = int.MaxValue;
        var refused = await Assert.ThrowsAsync<EvidenceRefusedException>(() => Uploader.SendAsync(Archive(100_000), _ => { }, default));
        Assert.Contains("hash did not hold", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1 + EvidenceUpload.MaxRestarts, shelf.Patches.Count());
    }

    [Fact]
    public async Task A_token_that_runs_out_on_the_way_is_renewed()
    {
        shelf.Before = visit =>
        {
            if (visit is { Method: "PATCH", Number: 2 })
                hub.RevokeTokens();
            return Task.CompletedTask;
        };
        await SendAsync(Archive());
        Assert.Equal(2, hub.Assertions.Count);
    }

    [Fact]
    public async Task A_hub_that_is_away_is_waited_for_and_the_upload_goes_on()
    {
        var archive = Archive();
        var half = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        shelf.Failing = visit =>
        {
            if (visit is not { Method: "PATCH", Number: 2 })
                return null;
            half.TrySetResult();
            return Fault.Lost;
        };
        var sending = SendAsync(archive);
        await half.Task.WaitAsync(Eventually.Patience);
        await hub.DisposeAsync();
        shelf.Failing = _ => null;
        await Eventually.TrueAsync(() => { lock (told) return told.Count(t => t.Trouble is not null) > 2; });
        Assert.False(sending.IsCompleted);
        hub = await TestHub.StartAsync(hub.Url.AbsoluteUri, shelf);
        await sending;
        Assert.DoesNotContain(shelf.Patches, p => p.Number > 2 && p.Offset == 0);
    }

    [Theory]
    [InlineData(400), InlineData(403), InlineData(404), InlineData(409), InlineData(413), InlineData(507)]
    public async Task What_the_hub_refuses_for_good_ends_at_once_with_its_words(int status)
    {
        shelf.Failing = _ => Fault.Refuse(status);
        var refused = await Assert.ThrowsAsync<EvidenceRefusedException>(() => Uploader.SendAsync(Archive(), _ => { }, default));
        Assert.StartsWith($"{status} refused by the shelf", refused.Message, StringComparison.Ordinal);
        Assert.Single(shelf.Visits);
    }

    [Theory]
    [InlineData(408), InlineData(429), InlineData(500), InlineData(502), InlineData(503)]
    public async Task What_may_pass_is_waited_for(int status)
    {
        shelf.Failing = visit => visit.Number <= 2 ? Fault.Refuse(status) : null;
        await SendAsync(Archive(100_000));
        Assert.Contains(told, t => t.Trouble!.StartsWith($"{status}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_conflict_that_names_the_place_where_the_upload_stands_leads_to_an_offer_and_its_answer()
    {
        // As a hub whose command has ended meanwhile answers: nothing is wrong with the offset.
        shelf.Failing = visit => visit switch
        {
            { Method: "PATCH", Number: 2 } => new Fault(Status: 409, SaysOffset: true),
            { Method: "POST", Number: 2 } => Fault.Refuse(409),
            _ => null,
        };
        var refused = await Assert.ThrowsAsync<EvidenceRefusedException>(() => Uploader.SendAsync(Archive(), _ => { }, default));
        Assert.StartsWith("409 refused by the shelf", refused.Message, StringComparison.Ordinal);
        Assert.Equal((2, 2), (shelf.Patches.Count(), shelf.Visits.Count(v => v.Method == "POST")));
    }

    [Fact]
    public async Task An_upload_that_the_hub_has_lost_begins_anew()
    {
        shelf.Before = visit =>
        {
            if (visit is { Method: "PATCH", Number: 2 })
                shelf.Clear();
            return Task.CompletedTask;
        };
        await SendAsync(Archive());
    }

    [Fact]
    public async Task A_line_that_breaks_under_large_chunks_gets_smaller_ones()
    {
        shelf.Failing = visit => visit.Bytes > 200_000 ? Fault.Lost : null;
        await SendAsync(Archive(1_000_000));
        Assert.Contains(shelf.Patches, p => p.Bytes is > 0 and <= 200_000);
    }

    [Fact]
    public async Task Nonsense_of_the_hub_is_not_followed_and_not_fatal()
    {
        var asked = 0;
        shelf.Ticketing = ticket => ++asked switch
        {
            1 => ticket with { Offset = -1 },
            2 => ticket with { Offset = long.MaxValue },
            3 => ticket with { EvidenceId = "../../enroll?x=" },
            4 => ticket with { EvidenceId = null! },
            _ => ticket,
        };
        await SendAsync(Archive(100_000));
        Assert.Equal(5, asked);
        Assert.Single(shelf.Patches);
    }

    [Fact]
    public async Task It_ends_when_it_is_cancelled()
    {
        shelf.Failing = _ => Fault.Refuse(503);
        using var stop = new CancellationTokenSource();
        var sending = Uploader.SendAsync(Archive(), _ => { }, stop.Token);
        await Eventually.TrueAsync(() => shelf.Visits.Count > 2);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.Within());
    }

    [Fact]
    public async Task An_archive_that_shrank_on_the_host_is_not_sent_as_if_it_were_whole()
    {
        var archive = Archive();
        using (var file = File.OpenWrite(archive.Path))
            file.SetLength(Size / 2);
        var refused = await Assert.ThrowsAsync<EvidenceRefusedException>(() => Uploader.SendAsync(archive, _ => { }, default));
        Assert.Contains("shorter", refused.Message, StringComparison.Ordinal);
        Assert.False(shelf.Only.Complete);
    }
}
