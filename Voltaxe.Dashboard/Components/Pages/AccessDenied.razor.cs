namespace Voltaxe.Dashboard.Components.Pages;

/// <summary>For what the signed-in person's role does not reach.</summary>
public sealed partial class AccessDenied;
