using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;

namespace Voltaxe.Dashboard.Tests.Fakes;

/// <summary>Finding things the way that end-to-end tests do.</summary>
public static class ScreenReading
{
    public static IElement Test<T>(this IRenderedComponent<T> shown, string id) where T : IComponent => shown.Find($"[data-testid='{id}']");

    public static IReadOnlyList<IElement> Tests<T>(this IRenderedComponent<T> shown, string id) where T : IComponent => shown.FindAll($"[data-testid='{id}']");

    public static bool Has<T>(this IRenderedComponent<T> shown, string id) where T : IComponent => shown.Tests(id).Count > 0;

    public static IElement WaitFor<T>(this IRenderedComponent<T> shown, string id) where T : IComponent => shown.WaitForElement($"[data-testid='{id}']");

    public static string? Value(this IElement element) => element.GetAttribute("data-value");

    public static bool IsOff(this IElement button) => button.GetAttribute("aria-disabled") == "true";

    public static IElement In(this IElement element, string id) =>
        element.QuerySelector($"[data-testid='{id}']") ?? throw new InvalidOperationException($"no {id} in {element.OuterHtml}");

    /// <summary>The words of an element, piece by piece, as they are read out.</summary>
    public static string Said(this IElement element) =>
        string.Join(' ', element.Descendants<IText>().SelectMany(t => t.Data.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
}
