namespace Voltaxe.Dashboard.Components.Layout;

/// <summary>The sign: a black bolt on gold.</summary>
public sealed partial class BrandMark;
