namespace Voltaxe.Dashboard.Components;

/// <summary>From addresses to pages.</summary>
public sealed partial class Routes;
