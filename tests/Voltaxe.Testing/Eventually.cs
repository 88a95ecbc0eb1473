using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Voltaxe.Testing;

/// <summary>Bounded waits on real time, for what happens in other threads or processes. They say where they gave up.</summary>
public static class Eventually
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static Task TrueAsync(Func<bool> condition, TimeSpan? within = null,
        [CallerArgumentExpression(nameof(condition))] string? what = null, [CallerFilePath] string? file = null, [CallerLineNumber] int line = 0) =>
        TrueAsync(() => Task.FromResult(condition()), within, what, file, line);

    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan? within = null,
        [CallerArgumentExpression(nameof(condition))] string? what = null, [CallerFilePath] string? file = null, [CallerLineNumber] int line = 0)
    {
        var clock = Stopwatch.StartNew();
        var limit = within ?? Patience;
        while (!await condition())
        {
            if (clock.Elapsed > limit)
                throw new TimeoutException($"{Path.GetFileName(file)}:{line}: not true within {limit.TotalSeconds:0.#} s: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    /// <summary>The first non-null answer.</summary>
    public static async Task<T> GetAsync<T>(Func<Task<T?>> get, TimeSpan? within = null,
        [CallerArgumentExpression(nameof(get))] string? what = null, [CallerFilePath] string? file = null, [CallerLineNumber] int line = 0) where T : class
    {
        T? found = null;
        await TrueAsync(async () => (found = await get()) is not null, within, what, file, line);
        return found!;
    }

    /// <summary>The task's result, or a <see cref="TimeoutException"/> that says where.</summary>
    public static async Task<T> Within<T>(this Task<T> task, TimeSpan? within = null,
        [CallerArgumentExpression(nameof(task))] string? what = null, [CallerFilePath] string? file = null, [CallerLineNumber] int line = 0)
    {
        try
        {
            return await task.WaitAsync(within ?? Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{Path.GetFileName(file)}:{line}: no end within {(within ?? Patience).TotalSeconds:0.#} s: {what}");
        }
    }
}
