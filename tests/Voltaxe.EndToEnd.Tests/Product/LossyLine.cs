using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.EndToEnd.Tests.Product;

/// <summary>
/// What stands between an agent and its hub: passes HTTP on, never a WebSocket (so the agent polls), and loses the answers that a
/// test wants lost, after the hub has given them. Counts the pieces of evidence that go by.
/// </summary>
public sealed class LossyLine : IAsyncDisposable
{
    private static readonly string[] Passed = ["Authorization", "Accept", "User-Agent", AgentRoutes.UploadOffset];
    private readonly WebApplication app;
    private readonly HttpClient hub;
    private readonly List<(JsonObject Request, JsonObject Reply)> lost = [];
    private readonly List<UploadedPiece> pieces = [];

    private LossyLine(WebApplication app, HttpClient hub) => (this.app, this.hub) = (app, hub);

    public Uri Url => new(app.Urls.Single());

    /// <summary>Which syncs' answers never arrive.</summary>
    public Func<JsonObject, bool> Loses { get; set; } = _ => false;

    /// <summary>When half of a piece of evidence is on its way, which begins there: the other half waits for this.</summary>
    public Func<long, Task> Midway { get; set; } = _ => Task.CompletedTask;

    /// <summary>Every piece of evidence that came by and what was answered, in the order of the answers.</summary>
    public IReadOnlyList<UploadedPiece> Pieces
    {
        get
        {
            lock (pieces)
                return [.. pieces];
        }
    }

    /// <summary>How often a WebSocket was asked for and refused.</summary>
    public int SocketsRefused { get; private set; }

    /// <summary>What was said and answered, and not heard.</summary>
    public IReadOnlyList<(JsonObject Request, JsonObject Reply)> Lost
    {
        get
        {
            lock (lost)
                return [.. lost];
        }
    }

    public static async Task<LossyLine> ToAsync(Uri hub)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var line = new LossyLine(app, new HttpClient { BaseAddress = hub });
        app.Run(line.PassAsync);
        await app.StartAsync();
        return line;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        hub.Dispose();
    }

    private async Task PassAsync(HttpContext context)
    {
        if (context.Request.Path == AgentRoutes.Hub)
        {
            SocketsRefused++;
            context.Response.StatusCode = StatusCodes.Status502BadGateway;
            return;
        }
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        long? piece = HttpMethods.IsPatch(context.Request.Method) ? long.Parse(context.Request.Headers[AgentRoutes.UploadOffset]!, CultureInfo.InvariantCulture) : null;
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), context.Request.Path + context.Request.QueryString);
        if (body.Length > 0)
        {
            request.Content = piece is { } begins ? new InTwoHalves(body.ToArray(), () => Midway(begins)) : new ByteArrayContent(body.ToArray());
            request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        }
        foreach (var name in Passed)
            request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)context.Request.Headers[name]);
        HttpResponseMessage answer;
        try
        {
            answer = await hub.SendAsync(request, context.RequestAborted);
        }
        catch (HttpRequestException)
        {
            Note(piece, body.Length, null);
            context.Response.StatusCode = StatusCodes.Status502BadGateway;
            return;
        }
        using (answer)
        {
            var said = await answer.Content.ReadAsByteArrayAsync(context.RequestAborted);
            if (answer.IsSuccessStatusCode && context.Request.Path == AgentRoutes.Sync && IsLost(body.ToArray(), said))
            {
                context.Abort();
                return;
            }
            Note(piece, body.Length, answer.StatusCode);
            if (answer.Headers.TryGetValues(AgentRoutes.UploadOffset, out var offset))
                context.Response.Headers[AgentRoutes.UploadOffset] = offset.Single();
            context.Response.StatusCode = (int)answer.StatusCode;
            context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
            if (said.Length > 0)
                await context.Response.Body.WriteAsync(said, context.RequestAborted);
        }
    }

    private void Note(long? piece, long bytes, HttpStatusCode? answer)
    {
        if (piece is not { } offset)
            return;
        lock (pieces)
            pieces.Add(new UploadedPiece(offset, bytes, answer));
    }

    private bool IsLost(byte[] asked, byte[] said)
    {
        var request = JsonNode.Parse(Encoding.UTF8.GetString(asked))!.AsObject();
        if (!Loses(request))
            return false;
        lock (lost)
            lost.Add((request, JsonNode.Parse(Encoding.UTF8.GetString(said))!.AsObject()));
        return true;
    }

    /// <summary>A body whose second half waits.</summary>
    private sealed class InTwoHalves(byte[] body, Func<Task> between) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(body.AsMemory(0, body.Length / 2));
            await stream.FlushAsync();
            await between();
            await stream.WriteAsync(body.AsMemory(body.Length / 2));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }
    }
}

/// <param name="Offset">Where it begins in the file.</param>
/// <param name="Answer">The hub's; null: it was away.</param>
public sealed record UploadedPiece(long Offset, long Bytes, HttpStatusCode? Answer);
