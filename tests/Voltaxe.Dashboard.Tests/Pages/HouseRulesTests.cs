using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Voltaxe.Dashboard.Components;

namespace Voltaxe.Dashboard.Tests.Pages;

/// <summary>What holds for every page and every file of the dashboard.</summary>
public partial class HouseRulesTests
{
    private static readonly string Sources = Find();

    [Fact]
    public void Every_page_says_who_may_see_it()
    {
        var pages = typeof(App).Assembly.GetTypes().Where(t => t.GetCustomAttributes<RouteAttribute>().Any()).ToArray();
        Assert.True(pages.Length >= 8, "pages are found");
        Assert.All(pages, p => Assert.True(p.IsDefined(typeof(AuthorizeAttribute)) ^ p.IsDefined(typeof(AllowAnonymousAttribute)), p.Name));
    }

    [Fact]
    public void What_a_strict_policy_would_block_is_in_no_file()
    {
        var files = Directory.GetFiles(Sources, "*.razor", SearchOption.AllDirectories).Concat(Directory.GetFiles(Sources, "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).ToArray();
        Assert.True(files.Length > 50, "sources are found");
        foreach (var file in files)
        {
            var text = File.ReadAllText(file);
            Assert.False(Inline().IsMatch(text), $"inline style or script in {file}");
            Assert.False(text.Contains("MarkupString", StringComparison.Ordinal) || text.Contains("AddMarkupContent", StringComparison.Ordinal), $"raw markup in {file}");
        }
    }

    /// <summary>The console may lie under a path of its host: what begins with a slash would lead out of it.</summary>
    [Fact]
    public void Every_address_on_a_page_is_relative_to_the_base()
    {
        var rooted = from file in Directory.GetFiles(Path.Combine(Sources, "Components"), "*", SearchOption.AllDirectories)
                     where file.EndsWith(".razor", StringComparison.Ordinal) || file.EndsWith(".cs", StringComparison.Ordinal)
                     from line in File.ReadLines(file)
                     where !line.StartsWith("@page", StringComparison.Ordinal) && Rooted().IsMatch(line)
                     select $"{Path.GetFileName(file)}: {line.Trim()}";
        Assert.Empty(rooted);
    }

    /// <summary>How sure a containment is belongs to the word: a page that drew the bare state would call a dry run isolated.</summary>
    [Fact]
    public void Only_the_badge_draws_a_hosts_containment()
    {
        var drawn = from file in Directory.GetFiles(Path.Combine(Sources, "Components"), "*.razor", SearchOption.AllDirectories)
                    where File.ReadAllText(file).Contains("ContainmentLook.Of(", StringComparison.Ordinal)
                    select Path.GetFileName(file);
        Assert.Equal(["ContainmentBadge.razor", "FleetFilters.razor"], drawn.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_style_sheets_stay_small()
    {
        var bytes = Directory.GetFiles(Sources, "*.css", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal) && !f.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Sum(f => new FileInfo(f).Length);
        Assert.InRange(bytes, 1, 25 * 1024);
    }

    [Fact]
    public void The_policy_allows_nothing_inline_and_nothing_foreign()
    {
        Assert.DoesNotContain("unsafe", DashboardRoom.ContentSecurityPolicy, StringComparison.Ordinal);
        Assert.DoesNotContain("*", DashboardRoom.ContentSecurityPolicy, StringComparison.Ordinal);
        Assert.StartsWith("default-src 'none'", DashboardRoom.ContentSecurityPolicy, StringComparison.Ordinal);
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Voltaxe.sln")))
                return Path.Combine(folder.FullName, "Voltaxe.Dashboard");
        }
        throw new DirectoryNotFoundException("Voltaxe.sln is above the test's folder");
    }

    // An attribute that is an address, or a text in code that looks like one of ours.
    [GeneratedRegex("""(href|src|action|data-copy|formaction)\s*=\s*"/|\$?"/(fleet|hosts|commands|evidence|sign-in|sign-out|api)\b""", RegexOptions.IgnoreCase)]
    private static partial Regex Rooted();

    // A style attribute, an inline handler of the browser's, or a script element with something in it.
    [GeneratedRegex("""\sstyle\s*=\s*["']|\son(click|load|error|submit|input|change)\s*=\s*["']|<script(?![^>]*\ssrc=)""")]
    private static partial Regex Inline();
}
