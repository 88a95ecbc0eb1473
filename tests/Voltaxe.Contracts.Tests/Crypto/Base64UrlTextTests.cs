using FsCheck;
using FsCheck.Fluent;
using Voltaxe.Contracts.Crypto;

namespace Voltaxe.Contracts.Tests.Crypto;

public sealed class Base64UrlTextTests
{
    [Fact]
    public void Any_bytes_go_there_and_back_in_the_url_alphabet_without_padding() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
            {
                var text = Base64UrlText.Encode(bytes);
                return !text.AsSpan().ContainsAny('+', '/', '=') && Base64UrlText.TryDecode(text, out var back) && back.AsSpan().SequenceEqual(bytes);
            })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void Known_answers()
    {
        Assert.Equal("", Base64UrlText.Encode([]));
        Assert.Equal("-_8", Base64UrlText.Encode([0xfb, 0xff]));
        Assert.Equal("Zm9vYmFy", Base64UrlText.Encode("foobar"u8));
        Assert.True(Base64UrlText.TryDecode("", out var empty));
        Assert.Empty(empty);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Zg==")]
    [InlineData("Zg=")]
    [InlineData("Z")]
    [InlineData("Zm9vY")]
    [InlineData("+/8")]
    [InlineData("Zm 9v")]
    [InlineData("Zm9v\n")]
    [InlineData("\tZm9v")]
    [InlineData("Zm9v.")]
    [InlineData("Zm9é")]
    [InlineData("Zh")] // two characters whose spare bits are not zero: a second spelling of "f"
    public void Other_spellings_are_refused(string? text)
    {
        Assert.False(Base64UrlText.TryDecode(text, out var bytes));
        Assert.Empty(bytes);
    }
}
