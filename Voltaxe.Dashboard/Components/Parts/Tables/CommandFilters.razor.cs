using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Dashboard.Model.Lists;

namespace Voltaxe.Dashboard.Components.Parts.Tables;

/// <summary>Filters of the list of commands. Each change is a new address.</summary>
public sealed partial class CommandFilters
{
    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Parameter, EditorRequired] public CommandQuery Query { get; set; } = null!;
    [Parameter] public EventCallback<CommandQuery> OnChange { get; set; }

    private string Href => Navigation.GetUriWithQueryParameters("commands", Query.ToParameters());

    private Task Change(CommandQuery query) => OnChange.InvokeAsync(query);

    private static string Text(ChangeEventArgs e) => ((string?)e.Value)?.Trim() ?? "";

    private static CommandStatus? Status(ChangeEventArgs e) => Words.TryParse<CommandStatus>((string?)e.Value, out var status) ? status : null;
}
