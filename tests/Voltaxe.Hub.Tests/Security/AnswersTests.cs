using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Security;
using Voltaxe.Testing;

namespace Voltaxe.Hub.Tests.Security;

public sealed class AnswersTests(HubForAll shared) : IClassFixture<HubForAll>
{
    [Fact]
    public async Task The_description_is_openapi_3_1_and_names_every_route_of_the_operators_api()
    {
        using var viewer = await shared.Hub.OperatorAsync(Role.Viewer);
        var description = JsonNode.Parse(await viewer.GetStringAsync("/openapi/v1.json"))!;
        Assert.StartsWith("3.1", description["openapi"]!.GetValue<string>());
        var described = description["paths"]!.AsObject().Select(p => p.Key).ToHashSet();
        var routes = shared.Hub.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(e => "/" + e.RoutePattern.RawText!.TrimStart('/')).Where(p => p.StartsWith("/api/v1/", StringComparison.Ordinal)).ToHashSet();
        Assert.NotEmpty(routes);
        Assert.Empty(routes.Select(WithoutConstraints).Except(described));
    }

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/healthz")]
    [InlineData("/api/v1/agents")]
    public async Task Every_answer_forbids_frames_inline_scripts_guessing_and_keeping(string path)
    {
        using var answer = await shared.Hub.Http.GetAsync(path);
        string Header(string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join("; ", values) : "";
        Assert.Contains("frame-ancestors 'none'", Header("Content-Security-Policy"));
        Assert.DoesNotContain("unsafe", Header("Content-Security-Policy"));
        Assert.Equal("DENY", Header("X-Frame-Options"));
        Assert.Equal("nosniff", Header("X-Content-Type-Options"));
        Assert.Contains("no-store", Header("Cache-Control"));
        Assert.Empty(Header("Server"));
    }

    [Fact]
    public async Task A_page_asked_for_without_a_session_leads_to_the_sign_in_form_and_back()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/commands?status=open");
        request.Headers.Accept.ParseAdd("text/html");
        using var answer = await shared.Hub.Http.SendAsync(request);
        Assert.Equal("/sign-in?ReturnUrl=%2Fcommands%3Fstatus%3Dopen", new Uri(shared.Hub.Url, answer.Headers.Location!).PathAndQuery);
    }

    [Theory]
    [InlineData("https://hub.example", "__Host-voltaxe_session", CookieSecurePolicy.Always)]
    [InlineData(null, "voltaxe_session", CookieSecurePolicy.SameAsRequest)]
    public async Task Where_people_come_by_TLS_only_TLS_carries_the_session(string? publicUrl, string name, CookieSecurePolicy secure)
    {
        using var folder = new TempFolder();
        await using var app = Build(folder, publicUrl);
        var cookie = app.Services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get(IdentityConstants.ApplicationScheme).Cookie;
        Assert.Equal(name, cookie.Name);
        Assert.Equal(secure, cookie.SecurePolicy);
        Assert.True(cookie.HttpOnly);
    }

    [Fact]
    public async Task A_hub_is_ready_when_its_database_can_be_written_and_is_migrated()
    {
        using var folder = new TempFolder();
        await using var app = Build(folder, null);
        Assert.False(await app.Services.GetRequiredService<Readiness>().IsReadyAsync(CancellationToken.None));
        Assert.True(await shared.Hub.Get<Readiness>().IsReadyAsync(CancellationToken.None));
        using var answer = await shared.Hub.Http.GetAsync("/readyz");
        Assert.Equal(200, (int)answer.StatusCode);
    }

    private static WebApplication Build(TempFolder folder, string? publicUrl) => HubApplication.Build([], builder =>
    {
        builder.Configuration["Voltaxe:DataDirectory"] = folder.Root;
        builder.Configuration["Voltaxe:PublicUrl"] = publicUrl;
        builder.Logging.ClearProviders();
    });

    private static string WithoutConstraints(string pattern) => System.Text.RegularExpressions.Regex.Replace(pattern, @"\{(\w+):[^}]*\}", "{$1}").TrimEnd('/');
}
