using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Logging;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Live;
using Voltaxe.Dashboard.Components.Parts.Ordering;
using Voltaxe.Dashboard.Model.Ordering;
using Voltaxe.Dashboard.Model.Texts;

namespace Voltaxe.Dashboard.Components.Parts.Releasing;

/// <summary>Asks why, has the code made, and shows it once with what to do with it.</summary>
public sealed partial class ReleaseDialog
{
    private ModalDialog? dialog;
    private string? reason, fault;
    private ProblemWords? problem;
    private ReleaseCodeReply? made;
    private bool sending;

    [Inject] private IHubActions Actions { get; set; } = null!;
    [Inject] private ILogger<ReleaseDialog> Log { get; set; } = null!;

    [Parameter, EditorRequired] public AgentView Agent { get; set; } = null!;
    [Parameter] public EventCallback OnClosed { get; set; }

    private async Task SendAsync()
    {
        if (sending)
            return;
        problem = null;
        fault = OrderDraft.ReasonFault(reason);
        if (fault is not null)
            return;
        sending = true;
        var answer = await HubAnswer.OfAsync(() => Actions.CreateReleaseCodeAsync(Agent.Id, reason!.Trim(), CancellationToken.None), Log);
        sending = false;
        made = answer.Value;
        if (made is null)
            problem = ProblemWords.Of(answer.Problem ?? new ProblemView { Title = "The hub answered without a code." });
    }
}
