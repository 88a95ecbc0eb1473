using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Accounts;

/// <summary>A new user's row.</summary>
public static class Users
{
    public static string KeyOf(string name) => name.ToUpperInvariant();

    public static HubUser New(string name, Role role, UserSeals seals)
    {
        var user = new HubUser
        {
            Id = Guid.NewGuid().ToString("D"),
            UserName = name,
            NormalizedUserName = KeyOf(name),
            Role = role,
            LockoutEnabled = true,
            SecurityStamp = Guid.NewGuid().ToString("N"),
            ConcurrencyStamp = Guid.NewGuid().ToString("N"),
        };
        user.RoleSeal = seals.OfRole(user);
        return user;
    }
}
