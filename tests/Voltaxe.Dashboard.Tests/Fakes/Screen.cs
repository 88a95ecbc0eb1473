using System.Security.Claims;
using Bunit;
using Bunit.TestDoubles;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using Microsoft.Extensions.DependencyInjection;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Parts.Notices;

namespace Voltaxe.Dashboard.Tests.Fakes;

/// <summary>A browser of a signed-in operator, in front of a fake hub. Its clock says noon and its timers run.</summary>
public abstract class Screen : BunitContext
{
    protected Screen()
    {
        DefaultWaitTimeout = TimeSpan.FromSeconds(20);
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddSingleton<TimeProvider>(new AlwaysNoon());
        Services.AddSingleton<IHubReader>(Hub);
        Services.AddSingleton<IEvidenceReader>(Hub);
        Services.AddSingleton<IHubActions>(Hub);
        Services.AddScoped<Toasts>();
        Services.AddSingleton<AntiforgeryStateProvider, FakeAntiforgery>();
        Identity = AddAuthorization();
        SignIn("admin");
    }

    protected FakeHub Hub { get; } = new() { Clock = new AlwaysNoon() };

    protected BunitAuthorizationContext Identity { get; }

    protected Toasts Toasts => Services.GetRequiredService<Toasts>();

    protected BunitNavigationManager Browser => Services.GetRequiredService<BunitNavigationManager>();

    protected void SignIn(string role)
    {
        Identity.SetAuthorized("ana");
        Identity.SetClaims(new Claim("role", role));
    }

    /// <summary>Nothing that an agent said may have become markup, an escape, or a wall of text – and it must be there, as text.</summary>
    protected static void AssertInert<T>(IRenderedComponent<T> shown, int max = 40_000) where T : IComponent
    {
        Assert.Empty(shown.FindAll("script, img, [onerror]"));
        Assert.Contains("alert('x')", shown.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain(shown.Markup, c => char.IsControl(c) && c is not ('\n' or '\r' or '\t'));
        Assert.DoesNotContain(shown.Markup, c => c is '\u202E' or '\u2066' or '\u200B');
        // JSON shows an escape as such; anywhere else not even its rest may be left.
        Assert.DoesNotContain("[31m", shown.Markup.Replace("\\u001B[31m", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.True(shown.Markup.Length < max, $"{shown.Markup.Length} characters on the screen");
    }

    private sealed class AlwaysNoon : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Given.Noon;
    }

    private sealed class FakeAntiforgery : AntiforgeryStateProvider
    {
        public override AntiforgeryRequestToken GetAntiforgeryToken() => new("token-value", "__RequestVerificationToken");
    }
}
