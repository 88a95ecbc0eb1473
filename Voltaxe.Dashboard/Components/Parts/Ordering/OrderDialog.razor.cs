using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Logging;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Live;
using Voltaxe.Dashboard.Components.Parts.Notices;
using Voltaxe.Dashboard.Model.Ordering;
using Voltaxe.Dashboard.Model.Texts;

namespace Voltaxe.Dashboard.Components.Parts.Ordering;

/// <summary>Asks for what an order needs, says what it will do, and queues it.</summary>
public sealed partial class OrderDialog
{
    // Whatever a person does in this dialog is one order: a second click that was on its way is answered with the first one's command.
    private readonly string key = $"dialog-{Guid.NewGuid():N}";
    private ModalDialog? dialog;
    private OrderDraft? draft;
    private bool tried;
    private ProblemWords? problem;
    private bool sending;

    [Inject] private IHubReader Reader { get; set; } = null!;
    [Inject] private IHubActions Actions { get; set; } = null!;
    [Inject] private TimeProvider Clock { get; set; } = null!;
    [Inject] private Toasts Toasts { get; set; } = null!;
    [Inject] private ILogger<OrderDialog> Log { get; set; } = null!;

    [Parameter, EditorRequired] public AgentView Agent { get; set; } = null!;
    [Parameter, EditorRequired] public ActionKind Kind { get; set; }
    /// <summary>No message after queueing, because a tracker on the same page says it.</summary>
    [Parameter] public bool Quiet { get; set; }
    [Parameter] public EventCallback OnClosed { get; set; }
    /// <summary>The hub took the order: it is durable, and nothing has happened on the host yet.</summary>
    [Parameter] public EventCallback<CommandView> OnQueued { get; set; }

    private ActionWords Words => ActionWords.Of(Kind);

    // Made once: the agent changes while the dialog is open, what was typed must not.
    private OrderDraft Draft => draft ??= new(Kind, Agent.Id);

    /// <summary>Nothing is called wrong before it was sent once; then each is gone as soon as it is put right.</summary>
    private IReadOnlyDictionary<string, string> Faults => tried ? Draft.Check() : ImmutableDictionary<string, string>.Empty;

    private async Task SendAsync()
    {
        if (sending)
            return;
        problem = null;
        tried = true;
        if (Faults.Count > 0)
            return;
        sending = true;
        var answer = await HubAnswer.OfAsync(() => Actions.QueueAsync(Draft.ToOrder(), key, CancellationToken.None), Log);
        if (answer is { Value.Commands: [var queued, ..] })
        {
            if (!Quiet)
                Toasts.Say(string.Create(CultureInfo.InvariantCulture, $"{Words.Verb} is queued as #{queued.Id} for {SafeText.Line(Agent.Host, 60)}."),
                    string.Create(CultureInfo.InvariantCulture, $"commands/{queued.Id}"), "Follow it");
            await OnQueued.InvokeAsync(queued);
            if (dialog is not null)
                await dialog.CloseAsync();
            return;
        }
        sending = false;
        problem = ProblemWords.Of(answer.Problem ?? new ProblemView { Title = "The hub answered without a command." });
    }
}
