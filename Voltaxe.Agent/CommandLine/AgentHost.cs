using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Voltaxe.Agent.Actions;
using Voltaxe.Agent.Channels;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Evidence;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.Linux;
using Voltaxe.Agent.Platform.Rules;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.CommandLine;

/// <summary>Puts the rooms of the agent together and runs them.</summary>
internal sealed partial class AgentHost : IAsyncDisposable
{
    private readonly Book book;
    private readonly Executor executor;
    private readonly Keeper keeper;
    private readonly IsolationWatch watch;
    private readonly ReleaseDesk desk;
    private readonly ReleaseDoor door;
    private readonly HttpClient http;
    private readonly SignIn signIn;

    private AgentHost(HostPlatform platform, Book book, Executor executor, Keeper keeper, IsolationWatch watch, ReleaseDesk desk, ReleaseDoor door, HttpClient http, SignIn signIn) =>
        (Platform, this.book, this.executor, this.keeper, this.watch, this.desk, this.door, this.http, this.signIn) = (platform, book, executor, keeper, watch, desk, door, http, signIn);

    public HostPlatform Platform { get; }

    public static async Task<AgentHost> MakeAsync(AgentSettings settings, StateFolder folder, EnrolmentState enrolment, ECDsa key, ILoggerFactory logs, CancellationToken ct)
    {
        var time = new BootTime();
        var bootId = BootTime.ReadBootId();
        var clock = new HubClock(time, bootId);
        var contact = new HubContact(time);
        var hubs = settings.HubUrls ?? [.. enrolment.HubUrls.Select(u => new Uri(u))];
        var addresses = new HubAddresses(hubs, new AnsweredAddresses(folder.AddressesFile, logs.CreateLogger<AnsweredAddresses>()));
        // A clock that stands in the past must not make a valid certificate one of the future.
        var earliest = DateTimeOffset.MinValue;
        DateTimeOffset Now() => clock.Now ?? (time.GetUtcNow() is var wall && wall > earliest ? wall : earliest);
        var http = HubChannels.MakeClient(addresses, settings.Trust, Now);
        var signIn = new SignIn(http, key, enrolment, time, logs.CreateLogger<SignIn>());
        var outbox = new Outbox(time);
        Executor executor = null!;
        DateTimeOffset Happening() => Contracts.Json.WireTime.Truncate(clock.Now ?? time.GetUtcNow());
        void Raise(string kind, Guid? uid, System.Text.Json.Nodes.JsonObject data) =>
            executor.Post(new AgentEvent(Guid.CreateVersion7(time.GetUtcNow()).ToString(), kind, Happening(), uid, HostPlatform.ToElement(data)));
        var platform = await ThisHost.MakeAsync(settings.DryRun, settings, folder, addresses,
            new IsolationTies(bootId, () => clock.Now ?? time.GetUtcNow(), () => contact.HeardWithin(IsolationProof.Recent), IsolationTies.HostSocket, time)
            {
                News = (uid, data) => Raise("isolation_limits", uid, data),
            }, ct);
        var proof = new IsolationProof(contact, clock, outbox, time);
        var pinned = new PinnedKeys(enrolment.PinnedKeys);
        var opening = Journal.Open(folder.JournalFile, Journal.NewEpoch, path => new DiskFile(path));
        var book = new Book(opening.Journal, opening.Records);
        earliest = book.Ledger.Clock?.HubTime ?? earliest;
        var notice = platform.Notices is { } board ? new HostNotice(board, settings.Notice, settings.Name ?? enrolment.Hostname, () => book.Ledger.Ahead?.At, time, logs.CreateLogger<HostNotice>()) : null;
        var watch = new IsolationWatch(platform, proof, outbox, Raise, time, logs.CreateLogger<IsolationWatch>(), notice);
        var directory = new HubDirectory(http, hubs, time);
        var locker = new EvidenceLocker(folder.EvidenceFolder, time);
        var upload = new EvidenceUpload(directory.NearestAsync, http, signIn, Random.Shared.NextDouble, time, logs.CreateLogger<EvidenceUpload>());
        var maker = new EvidenceMaker(locker, settings.Evidence, time, () => clock.Now);
        var collect = new CollectForensics(platform, maker, locker, upload, new ProgressTeller(outbox, clock, time), time);
        IAction[] actions = [new NetworkIsolate(platform, proof, watch), new NetworkRestore(platform, watch), new KillProcess(platform), collect];
        var runner = new ActionRunner(actions, clock, time, logs.CreateLogger<ActionRunner>());
        var verifier = new EnvelopeVerifier(pinned, enrolment.HubId, enrolment.AgentId, runner.WhyNot);
        executor = new Executor(book, clock, verifier.Verify, runner, outbox, time, logs.CreateLogger<Executor>());
        if (opening.Lost is { } lost)
            Raise("journal_lost", null, new() { ["why"] = lost });
        if (platform.Isolation is IRulesIsolation rules && await JournalDecides.ApplyAsync(rules, book.Ledger, Happening, ct) is { } wrong)
        {
            NoteDiffered(logs.CreateLogger<AgentHost>(), wrong);
            Raise("isolation_note_replaced", book.Ledger.LastNetworkEffect?.Uid, new() { ["why"] = wrong });
        }

        var info = new AgentInfo
        {
            Hostname = settings.Name ?? enrolment.Hostname,
            Os = Enroller.OsName,
            Version = AgentVersion.Text,
            Capabilities = platform.Capabilities,
        };
        var composer = new SyncComposer(book, outbox, () => outbox.Degraded is null ? info : info with { Capabilities = [.. info.Capabilities, Outbox.UnwritableMark] }, () => watch.Current);
        var ears = new Ears(executor, pinned, keys => (enrolment with { PinnedKeys = keys }).Write(folder), new Asks(platform, outbox), logs.CreateLogger<Ears>());
        var status = new StatusBoard(folder, watch, outbox, time);
        var syncer = new Syncer(composer, outbox, clock, contact, time, async (channel, reply) =>
        {
            addresses.Answered(channel.Hub);
            await ears.HearAsync(reply);
            status.Note(channel.Name, reply);
            if (reply.Recorded.Count + reply.Drop.Count > 0)
                locker.Tidy(uid => CollectForensics.WhatOf(book.Ledger.Find(uid)));
        });
        locker.Tidy(uid => CollectForensics.WhatOf(book.Ledger.Find(uid)));
        var channels = new HubChannels(directory, http, signIn, said =>
        {
            contact.Spoke();
            _ = ears.HearAsync(Syncer.Plausible(said));
        }, time);
        var options = new KeeperOptions(settings.PollEnabled, () => settings.PollInterval ?? TimeSpan.FromSeconds(status.NextPollSeconds is > 0 and var wished ? wished : enrolment.PollSeconds));
        var keeper = new Keeper(channels, syncer, outbox, options, Random.Shared.NextDouble, time, logs.CreateLogger<Keeper>());
        var desk = new ReleaseDesk(new ReleaseVerifier(pinned, enrolment.HubId, enrolment.AgentId), platform, executor, book, clock, time);
        var door = new ReleaseDoor(folder, desk, time, logs.CreateLogger<ReleaseDoor>());
        return new AgentHost(platform, book, executor, keeper, watch, desk, door, http, signIn);
    }

    /// <summary>Runs until told to stop; then lets what has begun come to an end.</summary>
    /// <param name="service">Hears that the rules stand and the work begins, and then that it goes on.</param>
    public async Task RunAsync(CancellationToken ct, SystemdNotice? service = null)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await watch.LookAsync(ct);
        var executing = executor.RunAsync();
        var speaking = keeper.RunAsync(ending.Token);
        var watching = watch.RunAsync(ending.Token);
        var opening = door.RunAsync(ending.Token);
        List<Task> all = [executing, speaking, watching, opening];
        if (service is not null)
            all.Add(service.LiveAsync(executor.PulseAsync, new BootTime(), ending.Token));
        service?.Ready();
        // None of them ends by itself: an exception in one is a bug, and must end the agent, not leave it half alive.
        var first = await Task.WhenAny(all);
        var endedByItself = first.IsCompletedSuccessfully && !ct.IsCancellationRequested;
        service?.Stopping();
        if (!executing.IsCompleted)
            await executor.StopAsync();
        await ending.CancelAsync();
        await Task.WhenAll(all);
        if (endedByItself)
            throw new InvalidOperationException($"part {all.IndexOf(first)} of the agent ended by itself");
    }

    /// <summary>Is the agent for as long as it takes to carry out a release code, without a word to the hub.</summary>
    public async Task<ReleaseAnswer> ReleaseAsync(string code, CancellationToken ct)
    {
        var executing = executor.RunAsync();
        try
        {
            return await desk.TakeAsync(code, ct);
        }
        finally
        {
            await executor.StopAsync();
            await executing;
        }
    }

    [LoggerMessage(2, LogLevel.Warning, "The journal decides about the isolation: {Wrong}")]
    private static partial void NoteDiffered(ILogger log, string wrong);

    public ValueTask DisposeAsync()
    {
        book.Dispose();
        signIn.Dispose();
        http.Dispose();
        return ValueTask.CompletedTask;
    }
}
