namespace Voltaxe.Agent.Configuration;

/// <summary>What the people who use the host are told when it is cut off. <c>[notice]</c> in agent.conf.</summary>
/// <param name="Enabled"><c>enabled</c>, or the environment's <c>VOLTAXE_NOTICE</c>.</param>
/// <param name="Contact"><c>contact</c>: whom to ask.</param>
/// <param name="Text"><c>text</c>: may name <c>{host}</c>, <c>{contact}</c> and <c>{until}</c>.</param>
public sealed record NoticeSettings(bool Enabled, string Contact, string Text)
{
    public const string Variable = "VOLTAXE_NOTICE";
    public const int MaxChars = 1_000;

    public static NoticeSettings Default { get; } = new(true, "your security team",
        "This computer ({host}) has been cut off from the network by its administrators, {until}. Your files are as they were. Please leave it switched on, and ask {contact}.");

    public string Isolated(string host, DateTimeOffset? until) => Text
        .Replace("{host}", host, StringComparison.Ordinal)
        .Replace("{contact}", Contact, StringComparison.Ordinal)
        .Replace("{until}", until is { } end ? FormattableString.Invariant($"until {end.UtcDateTime:yyyy-MM-dd HH:mm} UTC at the latest") : "until they lift it", StringComparison.Ordinal);

    public static string Freed(string host) => $"This computer ({host}) may use the network again.";
}
