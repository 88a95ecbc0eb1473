using Voltaxe.Agent.Configuration;

namespace Voltaxe.Agent.Channels;

/// <summary>Which of the configured hubs to use: the one that answers first when all are asked at once.</summary>
public sealed class HubDirectory(HttpClient http, IReadOnlyList<Uri> hubs, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private int turn;

    public IReadOnlyList<Uri> All => hubs;

    /// <summary>The nearest that answers; when none does, each in turn, so that one that answers only agents is found too.</summary>
    public async Task<Uri> NearestAsync(CancellationToken ct)
    {
        if (hubs.Count == 1)
            return hubs[0];
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        var asked = hubs.Select(hub => AnswersAsync(hub, either.Token)).ToList();
        while (asked.Count > 0)
        {
            var first = await Task.WhenAny(asked);
            asked.Remove(first);
            if (await first is not { } nearest)
                continue;
            await limit.CancelAsync();
            await Task.WhenAll(asked);
            return nearest;
        }
        ct.ThrowIfCancellationRequested();
        return hubs[turn++ % hubs.Count];
    }

    private async Task<Uri?> AnswersAsync(Uri hub, CancellationToken ct)
    {
        try
        {
            using var response = await http.GetAsync(HubUrls.At(hub, "/healthz"), HttpCompletionOption.ResponseHeadersRead, ct);
            return response.IsSuccessStatusCode ? hub : null;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }
}
