using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Evidence;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Channels;

/// <summary>
/// Uploads over HTTP, whatever the channel of commands is. The hub alone knows how far it is: after anything that went wrong it is asked.
/// </summary>
/// <param name="hub">The hub to use, asked before every attempt.</param>
/// <param name="random">From 0 to 1.</param>
public sealed partial class EvidenceUpload(Func<CancellationToken, Task<Uri>> hub, HttpClient http, SignIn signIn, Func<double> random, TimeProvider time, ILogger<EvidenceUpload> log) : IEvidenceUpload
{
    /// <summary>How often an upload starts over because its hash did not hold at the hub, or because the hub has lost it.</summary>
    public const int MaxRestarts = 3;

    /// <summary>A slow line gets small chunks, so that each of them comes through in the time that a request has.</summary>
    private const int SmallestChunk = 64 * 1024, FirstChunk = 1024 * 1024;
    private static readonly TimeSpan Quick = TimeSpan.FromSeconds(10);

    public async Task<string> SendAsync(SealedEvidence evidence, Action<UploadState> stands, CancellationToken ct)
    {
        await using var file = new FileStream(evidence.Path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        var sending = new Sending(evidence, file, stands);
        var backoff = new Backoff(random);
        while (true)
        {
            var before = sending.Reached;
            try
            {
                return await SendAsync(sending, ct);
            }
            catch (Exception e) when (IsTrouble(e) && !ct.IsCancellationRequested)
            {
                sending.Trouble(e.Message);
                Interrupted(evidence.Uid, sending.Reached, evidence.Size, e.Message);
                if (sending.Reached > before)
                    backoff.Reset();
                await Task.Delay((e as BusyException)?.Wait ?? backoff.Next(), time, ct);
            }
        }
    }

    private async Task<string> SendAsync(Sending sending, CancellationToken ct)
    {
        var at = await hub(ct);
        var id = await OfferAsync(at, sending, ct);
        while (sending.Reached < sending.Evidence.Size)
        {
            if (!await SendChunkAsync(at, id, sending, ct))
                id = await OfferAsync(at, sending, ct);
        }
        Uploaded(sending.Evidence.Uid, sending.Evidence.Size);
        return id;
    }

    /// <summary>Asks where to begin; the hub's id.</summary>
    private async Task<string> OfferAsync(Uri at, Sending sending, CancellationToken ct)
    {
        var evidence = sending.Evidence;
        var offer = new EvidenceOffer(evidence.Uid, evidence.Name, SealedEvidence.Kind, evidence.Size, evidence.Sha256);
        using var request = new HttpRequestMessage(HttpMethod.Post, HubUrls.At(at, AgentRoutes.Evidence)) { Content = JsonContent.Create(offer, WireJson.Default.EvidenceOffer) };
        using var response = await SayAsync(at, request, ct);
        var body = await response.Content.ReadAsStringAsync(ct);
        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.Created))
            throw Refusal(response, body);
        if (JsonSerializer.Deserialize(body, WireJson.Default.EvidenceTicket) is not { EvidenceId.Length: > 0 } ticket || !IsPlainId(ticket.EvidenceId))
            throw new InvalidDataException("the hub's answer names no evidence");
        sending.Move(ticket.Offset);
        return ticket.EvidenceId;
    }

    /// <summary>One chunk. False: the hub has to be asked where to go on.</summary>
    private async Task<bool> SendChunkAsync(Uri at, string id, Sending sending, CancellationToken ct)
    {
        var chunk = await sending.ReadAsync(ct);
        using var request = new HttpRequestMessage(HttpMethod.Patch, HubUrls.At(at, $"{AgentRoutes.Evidence}/{id}")) { Content = new ReadOnlyMemoryContent(chunk) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Headers.Add(AgentRoutes.UploadOffset, sending.Reached.ToString(CultureInfo.InvariantCulture));
        var began = time.GetTimestamp();
        HttpResponseMessage response;
        try
        {
            response = await SayAsync(at, request, ct);
        }
        catch (Exception e) when (IsTrouble(e))
        {
            sending.Slower();
            throw;
        }
        using (response)
        {
            switch (response.StatusCode)
            {
                case HttpStatusCode.NoContent:
                    var reached = OffsetOf(response);
                    if (reached <= sending.Reached)
                        throw new InvalidDataException($"the hub took a chunk and is at {reached}");
                    sending.Move(reached);
                    if (time.GetElapsedTime(began) < Quick)
                        sending.Faster();
                    return true;
                case HttpStatusCode.Conflict when response.Headers.Contains(AgentRoutes.UploadOffset):
                    // Where it already is: then it is not the offset that is wrong, and the offer tells what is.
                    return sending.Correct(OffsetOf(response));
                case HttpStatusCode.UnprocessableEntity:
                    sending.Restart($"the archive's hash did not hold at the hub: {Problems.Describe(response.StatusCode, await response.Content.ReadAsStringAsync(ct))}");
                    return false;
                case HttpStatusCode.NotFound:
                    // Of an id that it gave away before: the hub has lost it, or the command ended meanwhile; the offer tells which.
                    sending.Restart("the hub does not know the upload any more");
                    return false;
                default:
                    throw Refusal(response, await response.Content.ReadAsStringAsync(ct));
            }
        }
    }

    private async Task<HttpResponseMessage> SayAsync(Uri at, HttpRequestMessage request, CancellationToken ct)
    {
        var token = await signIn.TokenAsync(at, ct);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, ct);
        if (response.StatusCode != HttpStatusCode.Unauthorized)
            return response;
        signIn.Forget(token);
        using (response)
            throw new HubRefusedException(response.StatusCode, Problems.Describe(response.StatusCode, await response.Content.ReadAsStringAsync(ct)));
    }

    private static long OffsetOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues(AgentRoutes.UploadOffset, out var values) && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            ? offset
            : throw new InvalidDataException($"the hub answered {(int)response.StatusCode} without {AgentRoutes.UploadOffset}");

    /// <summary>It becomes a part of an address.</summary>
    private static bool IsPlainId(string id) => id.Length <= 200 && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    /// <summary>What may pass is waited for; anything else is the hub's last word.</summary>
    private Exception Refusal(HttpResponseMessage response, string body)
    {
        var words = Problems.Describe(response.StatusCode, body);
        if (response.StatusCode is not (HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests)
            && (int)response.StatusCode is < 500 or (int)HttpStatusCode.InsufficientStorage or (int)HttpStatusCode.NotImplemented)
            return new EvidenceRefusedException(words);
        var wait = response.Headers.RetryAfter?.Delta;
        return new BusyException(words, wait > Backoff.Cap ? Backoff.Cap : wait);
    }

    private static bool IsTrouble(Exception e) => e is HttpRequestException or HubRefusedException or SignInRefusedException or IOException or JsonException or InvalidDataException
        or BusyException or OperationCanceledException;

    /// <summary>The hub cannot now.</summary>
    private sealed class BusyException(string message, TimeSpan? wait) : Exception(message)
    {
        public TimeSpan? Wait { get; } = wait;
    }

    /// <summary>How far one upload is.</summary>
    private sealed class Sending(SealedEvidence evidence, FileStream file, Action<UploadState> stands)
    {
        private const int MaxCorrections = 100;

        private readonly byte[] buffer = new byte[AgentRoutes.MaxUploadBytes];
        private int chunk = FirstChunk, restarts, corrections;

        public SealedEvidence Evidence => evidence;
        public long Reached { get; private set; }

        public async Task<ReadOnlyMemory<byte>> ReadAsync(CancellationToken ct)
        {
            var wanted = (int)Math.Min(chunk, evidence.Size - Reached);
            for (var have = 0; have < wanted;)
            {
                var read = await RandomAccess.ReadAsync(file.SafeFileHandle, buffer.AsMemory(have, wanted - have), Reached + have, ct);
                // Not trouble that may pass: the archive is not what was sealed.
                have += read > 0 ? read : throw new EvidenceRefusedException("the archive on this host is shorter than it was when it was made");
            }
            return buffer.AsMemory(0, wanted);
        }

        public void Move(long offset)
        {
            if (offset < 0 || offset > evidence.Size)
                throw new InvalidDataException($"the hub is at {offset} of {evidence.Size} bytes");
            Reached = offset;
            stands(new UploadState(Reached, null));
        }

        /// <summary>The hub is elsewhere. False: it is not. A hub that cannot make up its mind is not followed for ever.</summary>
        public bool Correct(long offset)
        {
            var before = Reached;
            if (++corrections > MaxCorrections)
                throw new EvidenceRefusedException($"the hub corrected where the upload stands {MaxCorrections} times");
            Move(offset);
            return offset != before;
        }

        public void Restart(string why)
        {
            if (++restarts > MaxRestarts)
                throw new EvidenceRefusedException($"given up after {MaxRestarts} new beginnings: {why}");
            stands(new UploadState(Reached, why));
        }

        public void Trouble(string why) => stands(new UploadState(Reached, why));

        public void Slower() => chunk = Math.Max(SmallestChunk, chunk / 2);

        public void Faster() => chunk = Math.Min(AgentRoutes.MaxUploadBytes, chunk * 2);
    }

    [LoggerMessage(3020, LogLevel.Information, "The upload of {Uid} stands still at {Reached} of {Size} bytes: {Why}")]
    private partial void Interrupted(Guid uid, long reached, long size, string why);

    [LoggerMessage(3021, LogLevel.Information, "The hub has the evidence of {Uid}: {Size} bytes")]
    private partial void Uploaded(Guid uid, long size);
}
