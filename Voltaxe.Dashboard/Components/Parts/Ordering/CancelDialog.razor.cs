using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Logging;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Live;
using Voltaxe.Dashboard.Model.Ordering;
using Voltaxe.Dashboard.Model.Progress;
using Voltaxe.Dashboard.Model.Texts;

namespace Voltaxe.Dashboard.Components.Parts.Ordering;

/// <summary>Withdraws a command, or asks its agent to drop it; says which of the two.</summary>
public sealed partial class CancelDialog
{
    private ModalDialog? dialog;
    private string? reason, fault;
    private ProblemWords? problem;
    private bool sending;

    [Inject] private IHubActions Actions { get; set; } = null!;
    [Inject] private ILogger<CancelDialog> Log { get; set; } = null!;

    [Parameter, EditorRequired] public CommandView Command { get; set; } = null!;
    /// <summary>What cancelling means now. The command may move on while the dialog is open; the words move with it.</summary>
    [Parameter, EditorRequired] public Cancelling Cancelling { get; set; } = null!;
    [Parameter] public EventCallback OnClosed { get; set; }
    [Parameter] public EventCallback<CommandView> OnCancelled { get; set; }

    private async Task SendAsync()
    {
        if (sending)
            return;
        problem = null;
        fault = OrderDraft.ReasonFault(reason);
        if (fault is not null)
            return;
        sending = true;
        var answer = await HubAnswer.OfAsync(() => Actions.CancelAsync(Command.Id, reason!.Trim(), CancellationToken.None), Log);
        if (answer.Value is { } now)
        {
            await OnCancelled.InvokeAsync(now);
            if (dialog is not null)
                await dialog.CloseAsync();
            return;
        }
        sending = false;
        problem = ProblemWords.Of(answer.Problem ?? new ProblemView { Title = "The hub answered without a command." });
    }
}
