namespace Voltaxe.Dashboard.Components.Layout;

/// <summary>The shell for who is signed in, the plain frame for everybody else.</summary>
public sealed partial class EitherLayout;
