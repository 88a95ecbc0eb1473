namespace Voltaxe.Dashboard.Components.Parts.Notices;

/// <summary>Short messages of one person's screen. Good news leaves by itself; errors stay until they are closed.</summary>
public sealed class Toasts(TimeProvider clock)
{
    /// <summary>How long good news stays.</summary>
    public static readonly TimeSpan Stay = TimeSpan.FromSeconds(8);

    /// <summary>More than this at once nobody reads; the oldest goes.</summary>
    public const int Most = 5;

    private readonly Lock gate = new();
    private readonly List<Toast> shown = [];
    private int last;

    public event Action? Changed;

    public IReadOnlyList<Toast> Shown
    {
        get
        {
            lock (gate)
                return [.. shown];
        }
    }

    public void Say(string text, string? link = null, string? linkText = null) => Add(text, link, linkText, isError: false);

    public void Error(string text) => Add(text, null, null, isError: true);

    public void Close(int id)
    {
        lock (gate)
        {
            if (shown.RemoveAll(t => t.Id == id) == 0)
                return;
        }
        Changed?.Invoke();
    }

    private void Add(string text, string? link, string? linkText, bool isError)
    {
        Toast toast;
        lock (gate)
        {
            toast = new(++last, text, link, linkText, isError);
            shown.Add(toast);
            if (shown.Count > Most)
                shown.RemoveAt(0);
        }
        if (!isError)
            _ = CloseLaterAsync(toast.Id);
        Changed?.Invoke();
    }

    private async Task CloseLaterAsync(int id)
    {
        await Task.Delay(Stay, clock);
        Close(id);
    }
}

public sealed record Toast(int Id, string Text, string? Link, string? LinkText, bool IsError);
