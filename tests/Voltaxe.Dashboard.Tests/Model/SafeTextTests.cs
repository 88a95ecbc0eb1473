using Voltaxe.Dashboard.Model.Texts;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Model;

public class SafeTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("Grüße, 日本, 😀", "Grüße, 日本, 😀")]
    [InlineData("a\r\nb\tc", "a b c")]
    [InlineData("\u001b[1;31mred\u001b[0m", "red")]
    [InlineData("\u001b]0;new title\u0007after", "after")]
    [InlineData("\u001b]8;;http://x\u001b\\link", "link")]
    [InlineData("\u009b31mred", "red")]
    [InlineData("a\0b\u0008c\u007f", "abc")]
    [InlineData("gpj.\u202Eexe\u202C", "gpj.exe")]
    [InlineData("a\u200Bb\uFEFFc\u2066d", "abcd")]
    [InlineData("line\u2028sep", "line sep")]
    [InlineData("e\u0301\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301")]
    [InlineData("\u001b", "")]
    [InlineData("x\u001b[", "x")]
    [InlineData(null, "")]
    public void Text_loses_what_could_play_tricks_and_keeps_its_letters(string? text, string expected) => Assert.Equal(expected, SafeText.Line(text));

    [Fact]
    public void Half_a_letter_becomes_a_mark() => Assert.Equal("half \ufffd!", SafeText.Line("half \ud83d!"));

    [Fact]
    public void An_operating_system_command_that_never_ends_does_not_hide_the_rest() =>
        Assert.Equal("0;the rest", SafeText.Line("\u001b]0;the rest"));

    [Fact]
    public void Ten_thousand_letters_are_cut_and_counted() =>
        Assert.Equal(new string('A', 200) + "… (9,800 more characters)", SafeText.Line(new string('A', 10_000)));

    [Fact]
    public void A_cut_never_halves_a_letter() =>
        Assert.Equal("😀😀… (4 more characters)", SafeText.Line("😀😀😀😀", 5));

    [Fact]
    public void A_block_keeps_its_lines_and_nothing_else_of_control() =>
        Assert.Equal("a\n  b", SafeText.Block("a\r\n\t b\u0007"));

    [Fact]
    public void Any_text_comes_out_without_controls_and_within_its_length()
    {
        var random = new Random(42);
        for (var i = 0; i < 2_000; i++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(0, 400)).Select(_ => (char)random.Next(0, random.Next(2) == 0 ? 0x100 : 0x10000))]);
            var line = SafeText.Line(text, 100);
            Assert.DoesNotContain(line, char.IsControl);
            Assert.True(line.Length <= 100 + 30, line);
        }
    }

    [Fact]
    public void Json_is_indented_and_its_tricks_are_escapes()
    {
        var json = SafeJson.Of(System.Text.Json.JsonElement.Parse("""{"a":"\u202e\u001b[31m<b>","ü":[1,2.50]}"""));
        Assert.Contains("\\u202E", json, StringComparison.Ordinal);
        Assert.Contains("\\u001B", json, StringComparison.Ordinal);
        Assert.Contains("\"ü\"", json, StringComparison.Ordinal);
        Assert.Contains("2.50", json, StringComparison.Ordinal);
        Assert.DoesNotContain(json, c => c is '\u202e' or '\u001b');
    }

    [Fact]
    public void Json_that_says_half_a_letter_is_shown_and_does_not_throw() =>
        Assert.Contains("ud83d", SafeJson.Of(System.Text.Json.JsonElement.Parse("""{"a":"\ud83d"}""")), StringComparison.OrdinalIgnoreCase);

    [Fact]
    public void Huge_json_is_cut() =>
        Assert.Contains("more characters", SafeJson.Of(System.Text.Json.JsonElement.Parse($"[\"{new string('x', 200_000)}\"]")), StringComparison.Ordinal);

    [Fact]
    public void A_whole_command_can_be_shown_as_json()
    {
        var json = SafeJson.Of(Given.Command() with { Result = new(true, Given.Hostile, null) });
        Assert.Contains("\"status\": \"pending\"", json, StringComparison.Ordinal);
        Assert.DoesNotContain(json, c => char.IsControl(c) && c != '\n');
    }
}
