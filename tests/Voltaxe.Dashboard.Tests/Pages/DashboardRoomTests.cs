using System.Net;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Pages;

/// <summary>The dashboard in a host, asked over HTTP: the root document, the routes, files, headers.</summary>
public sealed class DashboardRoomTests : IAsyncLifetime
{
    private WebApplication app = null!;
    private HttpClient browser = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ApplicationName = "Voltaxe.Dashboard", ContentRootPath = AppContext.BaseDirectory, EnvironmentName = "Production" });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddDashboard();
        builder.Services.AddSingleton<FakeHub>();
        builder.Services.AddScoped<IHubReader>(s => s.GetRequiredService<FakeHub>());
        builder.Services.AddScoped<IEvidenceReader>(s => s.GetRequiredService<FakeHub>());
        builder.Services.AddScoped<IHubActions>(s => s.GetRequiredService<FakeHub>());
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(o => o.LoginPath = "/sign-in");
        builder.Services.AddAuthorization();
        app = builder.Build();
        app.UseDashboard();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapPost("/sign-in", () => Results.Text("the host's own handler")).DisableAntiforgery();
        app.MapGet("/api/v1/nothing", () => Results.NotFound());
        app.MapDashboard();
        await app.StartAsync();
        var address = app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        browser = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new(address) };
        browser.DefaultRequestHeaders.Accept.ParseAdd("text/html");
    }

    public async Task DisposeAsync()
    {
        browser.Dispose();
        await app.DisposeAsync();
    }

    [Fact]
    public async Task Sign_in_is_a_whole_page_under_a_strict_policy()
    {
        var answer = await browser.GetAsync("/sign-in");
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(answer.Headers.GetValues("Content-Security-Policy"), v => v == DashboardRoom.ContentSecurityPolicy);
        Assert.StartsWith("<!DOCTYPE html>", page.TrimStart(), StringComparison.Ordinal);
        Assert.Contains("""name="__RequestVerificationToken" """.TrimEnd(), page, StringComparison.Ordinal);
        Assert.Contains("id=\"components-reconnect-modal\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain(" style=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<style", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_script_and_style_of_the_root_document_is_a_file_that_is_there()
    {
        var page = await browser.GetStringAsync("/sign-in");
        var files = System.Text.RegularExpressions.Regex.Matches(page, "(?:<script[^>]*src|<link[^>]*href)=\"([^\"]+)\"").Select(m => WebUtility.HtmlDecode(m.Groups[1].Value)).ToArray();
        Assert.Equal(5, files.Length);
        // The bundle of scoped styles gets its name, and Blazor's script comes, in the host that takes the library in; here the library is its own host.
        foreach (var file in files.Where(f => !f.Contains("bundle.scp", StringComparison.Ordinal) && !f.StartsWith("_framework/", StringComparison.Ordinal)))
            Assert.Equal((file, HttpStatusCode.OK), (file, (await browser.GetAsync("/" + file)).StatusCode));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/fleet")]
    [InlineData("/hosts/web-01")]
    [InlineData("/commands")]
    [InlineData("/commands/7")]
    [InlineData("/evidence")]
    public async Task Without_signing_in_a_page_leads_to_the_sign_in(string path)
    {
        var answer = await browser.GetAsync(path);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal("/sign-in?ReturnUrl=" + Uri.EscapeDataString(path), answer.Headers.Location!.PathAndQuery);
    }

    [Fact]
    public async Task The_host_handles_the_forms_at_the_pages_own_addresses() =>
        Assert.Equal("the host's own handler", await (await browser.PostAsync("/sign-in", new FormUrlEncodedContent([]))).Content.ReadAsStringAsync());

    [Fact]
    public async Task An_address_that_leads_nowhere_is_a_page_for_browsers_and_a_bare_404_for_programs()
    {
        var answer = await browser.GetAsync("/nowhere");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("There is nothing here", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/nothing");
        request.Headers.Accept.ParseAdd("application/json");
        using var program = new HttpClient { BaseAddress = browser.BaseAddress };
        var plain = await program.SendAsync(request);
        Assert.Equal((HttpStatusCode.NotFound, ""), (plain.StatusCode, await plain.Content.ReadAsStringAsync()));
    }
}
