using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard;
using Voltaxe.Hub.Accounts;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Delivery;
using Voltaxe.Hub.Evidence;
using Voltaxe.Hub.Live;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;
using Voltaxe.Hub.Transports;
using Voltaxe.Hub.Transports.Agents;
using Voltaxe.Hub.Transports.Operators;

namespace Voltaxe.Hub;

/// <summary>The hub put together: one line a room. The program and the tests start the same thing.</summary>
public static class HubApplication
{
    public const string DefaultUrl = "http://127.0.0.1:8080";

    /// <param name="args">Settings as <c>--Voltaxe:PollSeconds=5</c> and <c>--urls=…</c>.</param>
    /// <param name="configure">Changes before anything is read: other settings, another clock, another log.</param>
    /// <exception cref="HubConfigurationException">A setting cannot be used.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        // Named here, so that appsettings.json and the static files are found whoever starts it, and from whichever folder.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ApplicationName = typeof(HubApplication).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
        });
        if (!HubConfiguration.NamesAddress(builder.Configuration))
            builder.Configuration["urls"] = DefaultUrl;
        configure?.Invoke(builder);
        var configuration = builder.Configuration;
        var options = HubConfiguration.Read(configuration);

        builder.AddDefaults();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(options);
        builder.AddDashboard(options.PublicOrigin);
        builder.Services.AddPersistence(options, configuration.GetConnectionString("Voltaxe"));
        builder.Services.AddPreparation();
        builder.Services.AddReverseProxy(options);
        builder.Services.AddSecurity(options, HubConfiguration.UsesTls(configuration, options));
        builder.Services.AddPipeline();
        builder.Services.AddPolicies();
        builder.Services.AddAgentCredentials();
        builder.Services.AddDelivery();
        builder.Services.AddEvidence();
        builder.Services.AddLive();
        builder.Services.AddAccounts();
        builder.Services.AddProblems();
        builder.Services.AddDoorLimits(options.Doors);
        builder.Services.AddApiDescription();
        builder.Services.AddAgentTransports();
        builder.Services.AddScoped<IHubActions, HubActions>();
        LegacyPath.AddTo(builder.Services, options.Legacy.TokenInPath, options.PublicPath);

        var app = builder.Build();
        app.UseReverseProxy(options);
        app.UseProblems();
        app.UseSecurityHeaders();
        app.UseDashboard();
        app.UseRouting();
        app.UseRateLimiter();
        app.UseAuthentication();
        app.UseSameOrigin(options);
        app.UseAuthorization();
        app.UseStrictQuery();
        app.UseAntiforgery();

        app.MapHealth();
        app.MapEnrolment();
        app.MapAgentTransports();
        app.MapEvidenceUploads();
        var operators = app.MapGroup("").WithStrictQuery();
        operators.MapApiDescription();
        operators.MapAgentAdministration();
        operators.MapCommandRoutes();
        operators.MapEvidenceRoutes();
        operators.MapFleetRoutes();
        operators.MapSeedContainRoutes();
        app.MapSignIn();
        app.MapDashboard().RequireAuthorization(Policies.View);
        ReverseProxy.RefuseTakenPrefix(app, options);
        return app;
    }

    /// <summary>Before it is started: what fails here is said in one line, and nothing listens yet.</summary>
    /// <exception cref="HubStartException">Files, folders, keys or database cannot be had.</exception>
    public static async Task PrepareAsync(this WebApplication app, CancellationToken ct)
    {
        app.RequireStaticFiles();
        await app.Services.GetRequiredService<HubPreparation>().RunAsync(ct);
    }

    /// <summary>
    /// Defaults that settings may change, and one thing that they may not: the framework's line for every request is off, because paths and
    /// queries may hold what belongs in no log.
    /// </summary>
    private static void AddDefaults(this WebApplicationBuilder builder)
    {
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = new Dictionary<string, string?>
            {
                ["Logging:LogLevel:Default"] = "Information",
                ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
                ["Logging:LogLevel:Microsoft.AspNetCore.DataProtection"] = "Error",
                ["Logging:LogLevel:Microsoft.EntityFrameworkCore"] = "Warning",
                // A catch-all route for files that change while they are served; it would answer for routes of ours, with 404 for 405.
                ["ReloadStaticAssetsAtRuntime"] = "false",
            },
        });
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
    }
}
