using Voltaxe.Agent.Platform;

namespace Voltaxe.Agent.Tests.Platform.OtherSystems;

/// <summary>
/// The programs of a system that this is not, as far as an isolation uses them: remembers what was run, lives on as the system would, and
/// fails, or has the agent die, where it is told to. A call that it does not know ends the test.
/// </summary>
internal abstract class FakeSystem : IPrograms
{
    private int changes;

    /// <summary>The agent's process is gone at this point; what it would have done next is not done.</summary>
    public sealed class Died : Exception;

    /// <summary>The number of the changing call that fails, or at which the agent dies; counted from <see cref="Arm"/>.</summary>
    public int? FailsAt { get; private set; }
    public int? DiesAt { get; private set; }

    /// <summary>Whether the program has done its work when the agent dies.</summary>
    public bool DiesAfter { get; private set; }

    /// <summary>The last call that was done when the agent died, so that nobody heard its answer.</summary>
    public string? Unheard { get; private set; }

    /// <summary>Every call that changes something.</summary>
    public List<string> Ran { get; } = [];

    /// <summary>All that there is to see of the system, to compare.</summary>
    public abstract string Snapshot();

    /// <summary>Somebody takes away what is ours.</summary>
    public abstract void Tamper();

    public void Arm(int? failsAt = null, int? diesAt = null, bool diesAfter = false)
    {
        (changes, FailsAt, DiesAt, DiesAfter) = (0, failsAt, diesAt, diesAfter);
        Ran.Clear();
    }

    public Task<Exec.Ran> RunAsync(string program, IEnumerable<string> arguments, string? input, CancellationToken ct)
    {
        string[] line = [.. arguments];
        if (!Changes(program, line))
            return Task.FromResult(Run(program, line, input));
        changes++;
        Ran.Add($"{Path.GetFileName(program)} {string.Join(' ', line)}");
        if (changes == FailsAt)
            return Task.FromResult(new Exec.Ran(1, "", "something went wrong"));
        if (changes == DiesAt && !DiesAfter)
            throw new Died();
        var ran = Run(program, line, input);
        if (changes != DiesAt)
            return Task.FromResult(ran);
        Unheard = Ran[^1];
        throw new Died();
    }

    protected static Exec.Ran Said(string output, string error = "", int exitCode = 0) => new(exitCode, output, error);

    protected static InvalidOperationException NotKnown(string program, string[] line) => new($"{program} {string.Join(' ', line)} is nothing that this system knows");

    protected abstract bool Changes(string program, string[] line);

    protected abstract Exec.Ran Run(string program, string[] line, string? input);
}
