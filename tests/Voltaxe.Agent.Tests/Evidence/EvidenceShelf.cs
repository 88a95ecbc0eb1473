using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Tests.Evidence;

/// <summary>One request to the shelf.</summary>
/// <param name="Number">From 1, of this method.</param>
internal sealed record Visit(string Method, int Number, long Offset, int Bytes);

/// <summary>How a request is to go wrong.</summary>
internal sealed record Fault(bool Apply = false, bool Hang = false, int? Status = null, bool SaysOffset = false)
{
    /// <summary>The line breaks before the hub did anything.</summary>
    public static readonly Fault Lost = new(Hang: true);
    /// <summary>The line breaks after the hub did it.</summary>
    public static readonly Fault ReplyLost = new(Apply: true, Hang: true);

    public static Fault Refuse(int status) => new(Status: status);
}

/// <summary>The hub's side of evidence (protocol, section 5), in memory, failing as tests ask. Outlives the hub in front of it.</summary>
internal sealed class EvidenceShelf
{
    private readonly ConcurrentDictionary<string, Upload> uploads = new();
    private int offers, patches;

    public sealed class Upload(string id, EvidenceOffer offer)
    {
        public string Id => id;
        public EvidenceOffer Offer => offer;
        public MemoryStream Bytes { get; } = new();
        public bool Complete { get; set; }
        public byte[] Content => Bytes.ToArray();
    }

    public ConcurrentQueue<Visit> Visits { get; } = new();
    public Func<Visit, Fault?> Failing { get; set; } = _ => null;
    /// <summary>Asked before anything is done with a request.</summary>
    public Func<Visit, Task> Before { get; set; } = _ => Task.CompletedTask;
    /// <summary>What an offer is answered instead of the right thing.</summary>
    public Func<EvidenceTicket, EvidenceTicket> Ticketing { get; set; } = ticket => ticket;
    /// <summary>How often the hash will not hold.</summary>
    public int Mismatches { get; set; }

    public IEnumerable<Upload> All => uploads.Values;
    public Upload Only => Assert.Single(uploads).Value;
    public Upload? Of(Guid uid) => uploads.Values.SingleOrDefault(u => u.Offer.Uid == uid);
    public IEnumerable<Visit> Patches => Visits.Where(v => v.Method == "PATCH");

    /// <summary>As a hub whose disk lost what came last.</summary>
    public void Forget(int bytes) => Only.Bytes.SetLength(Math.Max(0, Only.Bytes.Length - bytes));

    public void Clear() => uploads.Clear();

    public void Map(WebApplication app, Func<HttpContext, bool> knows)
    {
        app.MapPost(AgentRoutes.Evidence, async (HttpContext http) =>
        {
            var offer = (await JsonSerializer.DeserializeAsync(http.Request.Body, WireJson.Default.EvidenceOffer))!;
            return await GoAsync(http, knows, new Visit("POST", Interlocked.Increment(ref offers), 0, 0), () => Offer(offer));
        });
        app.MapPatch(AgentRoutes.Evidence + "/{id}", async (HttpContext http, string id) =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            var offset = long.Parse(http.Request.Headers[AgentRoutes.UploadOffset].Single()!, CultureInfo.InvariantCulture);
            return await GoAsync(http, knows, new Visit("PATCH", Interlocked.Increment(ref patches), offset, (int)body.Length), () => Append(http, id, offset, body.ToArray()));
        });
    }

    private async Task<IResult> GoAsync(HttpContext http, Func<HttpContext, bool> knows, Visit visit, Func<IResult> act)
    {
        Visits.Enqueue(visit);
        await Before(visit);
        if (!knows(http))
            return Problem(401, "unauthenticated");
        if (Failing(visit) is { } fault)
        {
            if (fault.Apply)
                act();
            if (fault.Hang)
                http.Abort();
            if (fault.SaysOffset)
                http.Response.Headers[AgentRoutes.UploadOffset] = visit.Offset.ToString(CultureInfo.InvariantCulture);
            return Problem(fault.Status ?? 500, "as_the_test_asked");
        }
        return act();
    }

    private IResult Offer(EvidenceOffer offer)
    {
        Assert.Matches("^[0-9a-f]{64}$", offer.Sha256);
        lock (uploads)
        {
            var known = uploads.Values.SingleOrDefault(u => u.Offer.Uid == offer.Uid && u.Offer.Name == offer.Name);
            if (known is not null && known.Offer != offer)
            {
                uploads.TryRemove(known.Id, out _);
                known = null;
            }
            var upload = known ?? uploads.GetOrAdd($"e-{Guid.NewGuid():N}", id => new Upload(id, offer));
            return Results.Text(JsonSerializer.Serialize(Ticketing(new EvidenceTicket(upload.Id, upload.Bytes.Length)), WireJson.Default.EvidenceTicket), "application/json", statusCode: known is null ? 201 : 200);
        }
    }

    private IResult Append(HttpContext http, string id, long offset, byte[] body)
    {
        lock (uploads)
        {
            if (!uploads.TryGetValue(id, out var upload))
                return Problem(404, "not_found");
            if (body.Length > AgentRoutes.MaxUploadBytes)
                return Problem(413, "too_large");
            if (offset != upload.Bytes.Length)
                return Say(http, upload, 409);
            upload.Bytes.Position = offset;
            upload.Bytes.Write(body);
            if (upload.Bytes.Length < upload.Offer.Size)
                return Say(http, upload, 204);
            upload.Complete = Mismatches-- <= 0 && Convert.ToHexStringLower(SHA256.HashData(upload.Content)) == upload.Offer.Sha256;
            if (upload.Complete)
                return Say(http, upload, 204);
            upload.Bytes.SetLength(0);
            return Say(http, upload, 422);
        }
    }

    private static IResult Say(HttpContext http, Upload upload, int status)
    {
        http.Response.Headers[AgentRoutes.UploadOffset] = upload.Bytes.Length.ToString(CultureInfo.InvariantCulture);
        return status == 204 ? Results.NoContent() : Problem(status, "as_it_is");
    }

    private static IResult Problem(int status, string slug) =>
        Results.Text($$"""{"type":"urn:voltaxe:problem:{{slug}}","title":"refused by the shelf"}""", "application/problem+json", statusCode: status);
}
