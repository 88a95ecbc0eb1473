namespace Voltaxe.Dashboard.Components.Layout;

/// <summary>Light, dark, or as the system has it.</summary>
public sealed partial class ThemeSwitch;
