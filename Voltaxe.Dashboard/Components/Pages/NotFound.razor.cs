namespace Voltaxe.Dashboard.Components.Pages;

/// <summary>For addresses that lead nowhere.</summary>
public sealed partial class NotFound;
