using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Texts;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Model;

public class WordsTests
{
    [Fact]
    public void A_refusal_is_said_with_its_fields_and_its_id()
    {
        var words = ProblemWords.Of(new ProblemView
        {
            Title = "Not accepted.",
            Errors = new Dictionary<string, string[]> { ["params.pid"] = ["must be a whole number"] },
            TraceId = "00-abc",
        });
        Assert.Equal("Not accepted. params.pid: must be a whole number (id 00-abc)", words.Sentence);
    }

    [Fact]
    public void Even_a_refusal_is_made_safe() => Assert.DoesNotContain(ProblemWords.Of(new ProblemView { Detail = Given.Hostile }).Title, char.IsControl);

    [Theory]
    [InlineData("credentials", "User name or password is wrong.")]
    [InlineData("<script>alert(1)</script>", "Sign-in did not work. Try again.")]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Only_words_of_our_own_table_are_shown(string? slug, string? words) => Assert.Equal(words, SignInWords.Error(slug));

    [Fact]
    public void A_notice_that_nobody_knows_is_nothing() => Assert.Null(SignInWords.Notice("you are admin now"));

    [Theory]
    [InlineData("/fleet?q=1", "/fleet?q=1")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("/a\\b", "/")]
    [InlineData("https://evil.example", "/")]
    [InlineData("javascript:alert(1)", "/")]
    [InlineData("/a\r\nSet-Cookie: x", "/")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    [InlineData("/", "/")]
    public void After_sign_in_the_way_leads_only_to_this_site(string? path, string expected) => Assert.Equal(expected, SignInWords.LocalPath(path));
}
