using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace Voltaxe.Hub.Security;

/// <summary>How often one address may knock where no credential is needed.</summary>
public static class DoorLimiting
{
    public const string Agents = "agents_door", SignIn = "sign_in_door";

    public static IServiceCollection AddDoorLimits(this IServiceCollection services, DoorLimits limits) => services.AddRateLimiter(o =>
    {
        o.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        o.OnRejected = (rejected, _) =>
        {
            var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(10);
            rejected.HttpContext.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            return ValueTask.CompletedTask;
        };
        Add(o, Agents, limits.AgentsPerMinute);
        Add(o, SignIn, limits.SignInsPerMinute);
    });

    private static void Add(RateLimiterOptions options, string name, int perMinute) => options.AddPolicy(name, context =>
        RateLimitPartition.GetSlidingWindowLimiter(Principals.TextOf(context.Connection.RemoteIpAddress) ?? "", _ => new SlidingWindowRateLimiterOptions
        {
            PermitLimit = perMinute,
            Window = TimeSpan.FromMinutes(1),
            SegmentsPerWindow = 6,
            QueueLimit = 0,
        }));
}
