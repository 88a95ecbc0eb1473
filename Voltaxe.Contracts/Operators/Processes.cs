namespace Voltaxe.Contracts.Operators;

/// <summary>A host's processes at one moment, told by its agent on request. Every text in it is hostile.</summary>
/// <param name="At">Hub time when the answer came.</param>
/// <param name="Rows">As the agent ordered them.</param>
/// <param name="Missing">How many more the host has than fit in the answer.</param>
public sealed record ProcessList(DateTimeOffset At, IReadOnlyList<ProcessRow> Rows, int Missing);

/// <summary>One process.</summary>
/// <param name="Pid">Its id, from 1 to 4194304.</param>
/// <param name="Parent">The id of its parent, 0 where there is none.</param>
/// <param name="Name">As the kernel says it.</param>
/// <param name="User">The owner's name, else its number; null where it could not be read.</param>
/// <param name="CommandLine">Arguments included, cut by the agent; null where it could not be read.</param>
/// <param name="StartTime">The opaque mark (boot id and start) that a <c>kill_process</c> names it by.</param>
/// <param name="IsKernel">A thread of the kernel, which nobody can end.</param>
/// <param name="Protected">Why the agent would refuse to end it; null: it would not.</param>
public sealed record ProcessRow(int Pid, int Parent, string Name, string? User, string? CommandLine, string? StartTime, bool IsKernel, string? Protected = null);
