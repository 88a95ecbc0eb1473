namespace Voltaxe.Agent.Evidence;

/// <summary>Brings an archive to the hub.</summary>
public interface IEvidenceUpload
{
    /// <summary>
    /// Returns when the hub has all of it and its hash holds there: the id that the hub gave it. Goes on through anything that may pass – a hub
    /// that is away, lost replies – until it is cancelled.
    /// </summary>
    /// <param name="stands">Told how far it is, and what the trouble is.</param>
    /// <exception cref="EvidenceRefusedException">The hub does not want it.</exception>
    Task<string> SendAsync(SealedEvidence evidence, Action<UploadState> stands, CancellationToken ct);
}

/// <param name="Reached">Bytes that the hub has.</param>
/// <param name="Trouble">Why it does not go on at the moment, or null.</param>
public sealed record UploadState(long Reached, string? Trouble);

/// <summary>The hub will not take this archive, however often it is asked. The message is the hub's.</summary>
public sealed class EvidenceRefusedException(string message) : Exception(message);
