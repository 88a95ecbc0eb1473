using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Voltaxe.Hub.Security;
using Voltaxe.Hub.Tests.Transports;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Docs;

/// <summary><c>docs/voltaxe.http</c> has every route of the hub, and every call in it works.</summary>
public sealed partial class HttpFileTests
{
    private static readonly HttpFile File = HttpFile.Parse(SourceTree.Read("docs/voltaxe.http"));

    /// <summary>What the framework maps and nobody calls.</summary>
    private static readonly string[] LeftOut = ["GET /hubs/agent/negotiate"];

    [Fact]
    public async Task Every_route_is_in_the_file_and_every_line_of_it_is_a_route()
    {
        await using var hub = await RunningHub.StartAsync();
        var routes = RouteTable.Of(hub).Where(r => r.IsPublic && !LeftOut.Contains(r.ToString())).ToList();
        var calls = File.Calls.Select(c => (c.Method, Path: Answered().Replace(c.Url.Replace("{{hub}}", "", StringComparison.Ordinal), "x").Split('?')[0])).ToList();
        Assert.Equal([], routes.Where(r => !calls.Any(c => Fits(r, c))).Select(r => $"{r} is not in docs/voltaxe.http"));
        Assert.Equal([], calls.Where(c => !routes.Any(r => Fits(r, c))).Select(c => $"{c.Method} {c.Path} is in docs/voltaxe.http, and no route"));
    }

    [Fact]
    public async Task Every_call_is_answered_as_the_file_says_one_after_the_other()
    {
        await using var hub = await RunningHub.StartAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var publicKey = WireText.Base64Url(key.ExportSubjectPublicKeyInfo());
        var operatorToken = await hub.TokenAsync(Role.Admin);
        var answers = new Dictionary<string, JsonNode?>();
        var given = new Dictionary<string, Func<string>>
        {
            ["hub"] = () => hub.Url.ToString().TrimEnd('/'),
            ["token"] = () => operatorToken,
            ["public_key"] = () => publicKey,
            ["proof"] = () => WireText.Sign(key, $"{answers["enrolment"]!["token"]}|web-01|{publicKey}"),
            ["assertion"] = () => Assertion(key, answers["enrolled"]!),
        };
        // What the file leaves to its reader is what the test fills in, and nothing else.
        Assert.Equal(File.Variables.Where(v => v.Value.Contains('…', StringComparison.Ordinal)).Select(v => v.Key).Append("hub").Order(), given.Keys.Order());
        foreach (var call in File.Calls)
        {
            var now = TimeProvider.System.GetUtcNow();
            string Resolved(string text) => File.Resolve(text, given, answers, now);
            using var request = new HttpRequestMessage(new HttpMethod(call.Method), Resolved(call.Url));
            if (call.Body is not null)
                request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Resolved(call.Body)));
            foreach (var (name, value) in call.Headers)
            {
                if (name == "Content-Type")
                    request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
                else
                    request.Headers.Add(name, Resolved(value));
            }
            using var answer = await hub.Http.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            var status = (int)answer.StatusCode;
            Assert.True(call.Expect is { } expected ? status == expected : status is >= 200 and < 300, $"### {call.Title}: {call.Method} {call.Url}: {status}: {text}");
            if (call.Name is not null)
                answers[call.Name] = JsonNode.Parse(text);
        }
    }

    private static bool Fits(RouteTable.Route route, (string Method, string Path) call) => route.Method == call.Method
        && Regex.IsMatch(call.Path, "^" + Regex.Replace(Regex.Escape(route.Path), @"\\\{[^}]*}", "[^/]+") + "$");

    private static string Assertion(ECDsa key, JsonNode enrolled)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var id = enrolled["agent_id"]!.GetValue<string>();
        var claims = new JsonObject
        {
            ["iss"] = id, ["sub"] = id, ["aud"] = enrolled["hub_id"]!.GetValue<string>(), ["iat"] = now, ["exp"] = now + 240, ["jti"] = RandomNumberGenerator.GetHexString(32),
        };
        var signed = Part(new JsonObject { ["alg"] = "ES256", ["typ"] = "JWT" }) + "." + Part(claims);
        return signed + "." + WireText.Sign(key, signed);
    }

    private static string Part(JsonObject json) => WireText.Base64Url(Encoding.UTF8.GetBytes(json.ToJsonString()));

    [GeneratedRegex(@"\{\{[^{}]+\}\}")]
    private static partial Regex Answered();
}
