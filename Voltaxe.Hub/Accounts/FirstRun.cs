using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Accounts;

/// <summary>As long as nobody has a password, each start of the hub makes a one-time link for the first admin.</summary>
public sealed class FirstRun(HubStore store, UserSeals seals)
{
    public const string Admin = "admin";

    /// <summary>The token of a fresh link, or null when somebody can sign in already.</summary>
    public async Task<string?> EnsureAsync(CancellationToken ct)
    {
        if (await store.ReadAsync((db, c) => db.Users.AnyAsync(u => u.PasswordHash != null, c), ct))
            return null;
        try
        {
            return await store.WriteAsync(InviteAsync, ct);
        }
        catch (DbUpdateException e) when (e.IsDuplicate())
        {
            return null; // Another node was first and shows the link.
        }
    }

    private async Task<string?> InviteAsync(HubWrite write, CancellationToken ct)
    {
        if (await write.Db.Users.AnyAsync(u => u.PasswordHash != null, ct))
            return null;
        var admins = await write.Db.Users.Where(u => u.Role == Role.Admin).OrderBy(u => u.UserName).ToListAsync(ct);
        var admin = admins.Find(seals.RoleHolds);
        if (admin is null)
        {
            admin = Users.New(Admin, Role.Admin, seals);
            write.Db.Users.Add(admin);
            write.Audit("hub", "user_created", "user:" + Admin, "done");
        }
        return OneTimeLink.Give(admin, seals, write.Now);
    }
}
