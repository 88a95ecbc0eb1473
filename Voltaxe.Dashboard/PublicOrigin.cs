namespace Voltaxe.Dashboard;

/// <summary>Where browsers come from, as <c>https://hub.example</c>, besides the address that their requests name; null: from nowhere else.</summary>
internal sealed record PublicOrigin(string? Value);
