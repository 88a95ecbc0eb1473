using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Pipeline;

/// <summary>What a role allows (protocol, section 9).</summary>
public enum Permission { View, Command, ReadEvidence, Approve, Administer }

/// <summary>The operator who asks. Comes from the credential alone.</summary>
public sealed record Caller(string Name, Role Role, string? Address = null)
{
    public string Actor => "operator:" + Name;

    public bool May(Permission permission) => permission switch
    {
        Permission.View => true,
        Permission.Command or Permission.ReadEvidence => Role is Role.Responder or Role.Admin,
        Permission.Approve => Role is Role.Approver or Role.Admin,
        _ => Role is Role.Admin,
    };
}

/// <summary>A request of an operator: who asks, and what that takes.</summary>
public interface IOperatorRequest
{
    Caller By { get; }
    Permission Needs { get; }
}
