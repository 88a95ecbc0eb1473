namespace Voltaxe.Agent;

/// <summary>What the agent's commands end with.</summary>
public static class ExitCodes
{
    public const int Done = 0, Usage = 1, NotFound = 2, Refused = 3, Failed = 4, Unreachable = 6;
}

/// <summary>The version that this agent was built as.</summary>
public static class AgentVersion
{
    public static string Text { get; } = typeof(AgentVersion).Assembly.GetName().Version!.ToString(3);
}
