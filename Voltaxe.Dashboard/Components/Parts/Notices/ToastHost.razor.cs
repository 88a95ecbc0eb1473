using Microsoft.AspNetCore.Components;

namespace Voltaxe.Dashboard.Components.Parts.Notices;

/// <summary>Shows the messages of this screen. Never takes the focus.</summary>
public sealed partial class ToastHost : IDisposable
{
    [Inject] private Toasts Toasts { get; set; } = null!;

    protected override void OnInitialized() => Toasts.Changed += Redraw;

    public void Dispose() => Toasts.Changed -= Redraw;

    private void Redraw() => _ = InvokeAsync(StateHasChanged);
}
