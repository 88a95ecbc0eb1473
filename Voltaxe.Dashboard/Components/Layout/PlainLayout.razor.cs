namespace Voltaxe.Dashboard.Components.Layout;

/// <summary>For pages that nobody has to be signed in for.</summary>
public sealed partial class PlainLayout;
