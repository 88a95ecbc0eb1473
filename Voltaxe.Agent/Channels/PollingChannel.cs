using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Channels;

/// <summary>Sync as an HTTP request, held open by the hub for as long as <c>wait_seconds</c> says.</summary>
public sealed class PollingChannel(HttpClient http, SignIn signIn, Uri hub) : IHubChannel
{
    public string Name => "poll";

    public Uri Hub => hub;

    public async Task<SyncReply> SyncAsync(SyncRequest request, Action sent, CancellationToken ct)
    {
        var token = await signIn.TokenAsync(hub, ct);
        using var message = new HttpRequestMessage(HttpMethod.Post, HubUrls.At(hub, AgentRoutes.Sync))
        {
            Content = new Announced(JsonSerializer.SerializeToUtf8Bytes(request, WireJson.Default.SyncRequest), sent),
        };
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        // Read whole by the client, which refuses what is larger than a message may be.
        using var response = await http.SendAsync(message, HttpCompletionOption.ResponseContentRead, ct);
        if (!response.IsSuccessStatusCode)
        {
            if (response.StatusCode == HttpStatusCode.Unauthorized)
                signIn.Forget(token);
            throw new HubRefusedException(response.StatusCode, Problems.Describe(response.StatusCode, await response.Content.ReadAsStringAsync(ct)));
        }
        await using var body = await response.Content.ReadAsStreamAsync(ct);
        return await JsonSerializer.DeserializeAsync(body, WireJson.Default.SyncReply, ct) ?? throw new JsonException("the reply is null");
    }

    /// <summary>A body that says when it has been written.</summary>
    private sealed class Announced : HttpContent
    {
        private readonly byte[] body;
        private readonly Action written;

        public Announced(byte[] body, Action written)
        {
            (this.body, this.written) = (body, written);
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(body);
            await stream.FlushAsync();
            written();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }
    }
}
