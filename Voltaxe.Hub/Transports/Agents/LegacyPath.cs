using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Voltaxe.Hub.Transports.Agents;

/// <summary>
/// An unmodified Sentinel cannot send a header: with <c>Voltaxe:Legacy:TokenInPath</c> its base address may be
/// <c>http://hub:8080/legacy/&lt;token&gt;</c>. The token leaves the address before anything can log or trace it, so this stands in
/// front of the framework's own request log, switched on or not.
/// </summary>
public sealed class LegacyPath(IServer inner, bool allowed, PathString publicPath) : IServer
{
    private const string Prefix = "/legacy/";
    private const string TokenPrefix = "vtx_leg_";

    public IFeatureCollection Features => inner.Features;

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken) where TContext : notnull =>
        inner.StartAsync(new Application<TContext>(application, allowed, publicPath), cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => inner.StopAsync(cancellationToken);

    public void Dispose() => inner.Dispose();

    /// <summary>Puts this in front of whichever server is registered.</summary>
    public static void AddTo(IServiceCollection services, bool allowed, PathString publicPath)
    {
        var server = services.Last(s => s.ServiceType == typeof(IServer));
        services.Remove(server);
        services.AddSingleton<IServer>(provider => new LegacyPath(Make(server, provider), allowed, publicPath));
    }

    /// <param name="request">Changed.</param>
    /// <param name="allowed">Whether a token in the path is a credential.</param>
    /// <param name="publicPath">What a proxy may have left in front of the path.</param>
    public static void Rewrite(IHttpRequestFeature request, bool allowed, PathString publicPath)
    {
        if (publicPath.HasValue && request.Path.StartsWith(publicPath + Prefix, StringComparison.OrdinalIgnoreCase))
            request.Path = request.Path[publicPath.Value!.Length..];
        if (!request.Path.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return;
        var rest = request.Path[Prefix.Length..];
        var slash = rest.IndexOf('/');
        var (token, path) = slash < 0 ? (rest, "/") : (rest[..slash], rest[slash..]);
        if (allowed && token.StartsWith(TokenPrefix, StringComparison.Ordinal) && path is "/command/poll" or "/command/result" or "/telemetry")
        {
            request.Headers.Authorization = $"Bearer {token}";
            request.Path = path;
        }
        else
        {
            request.Path = "/legacy";
            request.QueryString = "";
        }
        request.RawTarget = request.Path + request.QueryString;
    }

    private static IServer Make(ServiceDescriptor server, IServiceProvider provider) => (IServer)(
        server.ImplementationInstance
        ?? server.ImplementationFactory?.Invoke(provider)
        ?? ActivatorUtilities.CreateInstance(provider, server.ImplementationType!));

    private sealed class Application<TContext>(IHttpApplication<TContext> inner, bool allowed, PathString publicPath) : IHttpApplication<TContext> where TContext : notnull
    {
        public TContext CreateContext(IFeatureCollection contextFeatures)
        {
            Rewrite(contextFeatures.GetRequiredFeature<IHttpRequestFeature>(), allowed, publicPath);
            return inner.CreateContext(contextFeatures);
        }

        public Task ProcessRequestAsync(TContext context) => inner.ProcessRequestAsync(context);

        public void DisposeContext(TContext context, Exception? exception) => inner.DisposeContext(context, exception);
    }
}
