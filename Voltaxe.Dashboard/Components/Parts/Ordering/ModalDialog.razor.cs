using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Voltaxe.Dashboard.Components.Parts.Ordering;

/// <summary>A native modal dialog: focus goes to what has <c>autofocus</c> in it, Esc closes, Ctrl+Enter presses what has <c>data-confirm</c>, focus goes back. It is open for as long as it is rendered.</summary>
public sealed partial class ModalDialog
{
    private readonly string titleId = $"dialog-{Guid.NewGuid():N}";
    private ElementReference element;
    private bool closed;

    [Inject] private IJSRuntime Js { get; set; } = null!;

    [Parameter, EditorRequired] public string Title { get; set; } = "";
    [Parameter] public string Dismiss { get; set; } = "Cancel";
    [Parameter] public RenderFragment? ChildContent { get; set; }
    /// <summary>The button that does it; nothing in the dialog does it by Enter alone.</summary>
    [Parameter] public RenderFragment? Confirm { get; set; }
    /// <summary>Closed, however that came; whoever renders the dialog takes it away now.</summary>
    [Parameter] public EventCallback OnClosed { get; set; }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
            await Js.InvokeVoidAsync("voltaxe.openDialog", element);
    }

    /// <summary>Closes it in the browser first, so that the focus returns to where it was, and then for good.</summary>
    public async Task CloseAsync()
    {
        await Js.InvokeVoidAsync("voltaxe.closeDialog", element);
        await ClosedAsync();
    }

    private async Task ClosedAsync()
    {
        if (closed)
            return;
        closed = true;
        await OnClosed.InvokeAsync();
    }
}
