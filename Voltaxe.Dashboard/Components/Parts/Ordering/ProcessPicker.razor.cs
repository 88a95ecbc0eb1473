using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Logging;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Live;
using Voltaxe.Dashboard.Model.Ordering;
using Voltaxe.Dashboard.Model.Texts;

namespace Voltaxe.Dashboard.Components.Parts.Ordering;

/// <summary>What runs on the host now, asked of it when this opens, to choose from. Its age is always said.</summary>
public sealed partial class ProcessPicker : IDisposable
{
    private const int MaxShown = 300;
    private static readonly TimeSpan Ageing = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource gone = new();
    private ProcessList? list;
    private IReadOnlyList<ProcessNode> tree = [];
    private ProblemWords? problem;
    private ITimer? ageing;
    private string? filter;
    private bool asking;

    [Inject] private IHubActions Actions { get; set; } = null!;
    [Inject] private TimeProvider Clock { get; set; } = null!;
    [Inject] private ILogger<ProcessPicker> Log { get; set; } = null!;

    [Parameter, EditorRequired] public string AgentId { get; set; } = "";
    [Parameter, EditorRequired] public OrderDraft Draft { get; set; } = null!;
    [Parameter] public EventCallback OnChosen { get; set; }

    private IEnumerable<ProcessNode> Shown
    {
        get
        {
            tree = ProcessTree.Of(list?.Rows ?? [], filter);
            return tree.Take(MaxShown);
        }
    }

    public void Dispose()
    {
        gone.Cancel();
        gone.Dispose();
        ageing?.Dispose();
    }

    protected override Task OnInitializedAsync()
    {
        ageing = Clock.CreateTimer(_ => _ = InvokeAsync(StateHasChanged), null, Ageing, Ageing);
        return AskAsync();
    }

    private async Task AskAsync()
    {
        if (asking)
            return;
        (asking, problem) = (true, null);
        var token = gone.Token;
        var answer = await HubAnswer.OfAsync(() => Actions.AskProcessesAsync(AgentId, token), Log, token);
        if (token.IsCancellationRequested)
            return;
        asking = false;
        // An older list stays, with its age: better than none.
        if (answer.Value is { } fresh)
            list = fresh;
        else
            problem = ProblemWords.Of(answer.Problem ?? new ProblemView { Title = "The hub answered without a list." });
    }

    private Task ChooseAsync(ProcessRow process)
    {
        Draft.Pid = process.Pid.ToString(CultureInfo.InvariantCulture);
        Draft.ProcessName = process.Name;
        Draft.StartTime = process.StartTime;
        return OnChosen.InvokeAsync();
    }

    private bool IsChosen(ProcessRow process) =>
        Draft.Pid == process.Pid.ToString(CultureInfo.InvariantCulture) && Draft.StartTime == process.StartTime && Draft.ProcessName == process.Name;

    private string More(ProcessList now) => string.Join(' ',
        new[] { tree.Count > MaxShown ? $"{tree.Count - MaxShown:N0} more are not shown: find by name or pid." : null,
            now.Missing > 0 ? $"The agent left {now.Missing:N0} out of its answer." : null }.OfType<string>());
}
