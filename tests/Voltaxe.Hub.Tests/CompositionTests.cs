using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Voltaxe.Contracts.Operators;
using Voltaxe.Testing;

namespace Voltaxe.Hub.Tests;

public sealed class CompositionTests
{
    [Theory]
    [InlineData("Development")]
    [InlineData("Production")]
    public async Task All_that_is_registered_can_be_made(string environment)
    {
        using var folder = new TempFolder();
        IServiceCollection? registered = null;
        await using var app = HubApplication.Build([], builder =>
        {
            builder.Environment.EnvironmentName = environment;
            builder.Configuration["Voltaxe:DataDirectory"] = folder.Root;
            builder.Logging.ClearProviders();
            builder.Host.UseDefaultServiceProvider(o => o.ValidateScopes = o.ValidateOnBuild = true);
            registered = builder.Services;
        });
        await using var scope = app.Services.CreateAsyncScope();
        Assert.NotEmpty(scope.ServiceProvider.GetServices<IHostedService>());
        var ours = registered!.Where(s => !s.ServiceType.IsGenericTypeDefinition && s.ServiceType.Assembly.GetName().Name is "Voltaxe.Hub" or "Voltaxe.Contracts" or "Voltaxe.Dashboard" or "MediatR" or "FluentValidation").ToList();
        Assert.All(ours, service => Assert.NotNull(scope.ServiceProvider.GetRequiredService(service.ServiceType)));
        Assert.True(ours.Count > 40);
    }

    [Fact]
    public void All_faults_of_the_settings_are_told_at_once_by_their_keys()
    {
        var refused = Assert.Throws<HubConfigurationException>(() => HubApplication.Build([], builder =>
        {
            builder.Configuration["Voltaxe:PollSeconds"] = "soon";
            builder.Configuration["Voltaxe:Legacy:TokenInPath"] = "perhaps";
            builder.Configuration["Voltaxe:Retention"] = "00:00:01";
            builder.Configuration["Voltaxe:Doors:SignInsPerMinute"] = "0";
            builder.Configuration["Voltaxe:PublicUrl"] = "hub.example";
            builder.Configuration["ConnectionStrings:Voltaxe"] = "nonsense";
        }));
        foreach (var key in new[] { "Voltaxe:PollSeconds", "Voltaxe:Legacy:TokenInPath", "Voltaxe:Retention", "Voltaxe:Doors:SignInsPerMinute", "Voltaxe:PublicUrl", "ConnectionStrings:Voltaxe" })
            Assert.Contains(refused.Faults, fault => fault.StartsWith(key, StringComparison.Ordinal));
        Assert.Equal(6, refused.Faults.Count);
    }
}
