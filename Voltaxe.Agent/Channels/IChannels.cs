namespace Voltaxe.Agent.Channels;

/// <summary>How the keeper opens channels. Tests put their own behind it.</summary>
public interface IChannels
{
    /// <summary>The hub to use from now on.</summary>
    Task<Uri> ChooseAsync(CancellationToken ct);

    /// <summary>A socket that stands. Whatever fails throws.</summary>
    Task<ISocketChannel> OpenSocketAsync(Uri hub, CancellationToken ct);

    IHubChannel Polling(Uri hub);
}

/// <summary>When the agent speaks.</summary>
/// <param name="PollEnabled">Whether to poll while there is no socket.</param>
/// <param name="PollInterval">How often; the hub's wish where nothing is configured.</param>
public sealed record KeeperOptions(bool PollEnabled, Func<TimeSpan> PollInterval)
{
    /// <summary>On a socket, at the latest this long after the last sync.</summary>
    public TimeSpan SocketRest { get; init; } = TimeSpan.FromSeconds(15);
}
