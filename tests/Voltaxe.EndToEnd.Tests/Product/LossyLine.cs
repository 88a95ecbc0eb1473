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
/// test wants lost, after the hub has given them.
/// </summary>
public sealed class LossyLine : IAsyncDisposable
{
    private static readonly string[] Passed = ["Authorization", "Accept", "User-Agent"];
    private readonly WebApplication app;
    private readonly HttpClient hub;
    private readonly List<(JsonObject Request, JsonObject Reply)> lost = [];

    private LossyLine(WebApplication app, HttpClient hub) => (this.app, this.hub) = (app, hub);

    public Uri Url => new(app.Urls.Single());

    /// <summary>Which syncs' answers never arrive.</summary>
    public Func<JsonObject, bool> Loses { get; set; } = _ => false;

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
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), context.Request.Path + context.Request.QueryString);
        if (body.Length > 0)
        {
            request.Content = new ByteArrayContent(body.ToArray());
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
            context.Response.StatusCode = (int)answer.StatusCode;
            context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
            await context.Response.Body.WriteAsync(said, context.RequestAborted);
        }
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
}
