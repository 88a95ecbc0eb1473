namespace Voltaxe.Agent.Platform;

/// <summary>Says something to the people who are signed in to the host.</summary>
public interface INoticeBoard
{
    /// <summary>The ways that it was said, such as <c>wall</c>; none: nobody could be told.</summary>
    Task<IReadOnlyList<string>> TellAsync(string text, CancellationToken ct);
}
