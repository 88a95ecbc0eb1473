namespace Voltaxe.Contracts.Wire;

/// <summary>Where agents knock, and what is called over their socket.</summary>
public static class AgentRoutes
{
    public const string Hub = "/hubs/agent";
    public const string Sync = "/agent/v1/sync";
    public const string Enrol = "/agent/v1/enroll";
    public const string Token = "/agent/v1/token";
    /// <summary><c>POST</c> offers, <c>PATCH …/{id}</c> uploads.</summary>
    public const string Evidence = "/agent/v1/evidence";

    /// <summary>In a <c>PATCH</c> where its body begins, in the answer where the next one must.</summary>
    public const string UploadOffset = "Upload-Offset";
    /// <summary>The largest body of a <c>PATCH</c>, in bytes.</summary>
    public const int MaxUploadBytes = 4 * 1024 * 1024;

    /// <summary>Hub → agent, one argument: <see cref="Envelope"/>[].</summary>
    public const string Execute = "Execute";
    /// <summary>Hub → agent, one argument: <see cref="CancelOrder"/>[].</summary>
    public const string Cancel = "Cancel";
    /// <summary>Hub → agent, one argument: <see cref="Ask"/>[].</summary>
    public const string Ask = "Ask";
    /// <summary>Agent → hub: <see cref="SyncRequest"/> → <see cref="SyncReply"/>.</summary>
    public const string SyncMethod = "Sync";

    /// <summary>The largest message on a socket and the largest body of a sync, in bytes.</summary>
    public const int MaxMessageBytes = 1024 * 1024;

    /// <summary>Reported seqs at or above this are refused.</summary>
    public const long SeqLimit = 1L << 52;
}
