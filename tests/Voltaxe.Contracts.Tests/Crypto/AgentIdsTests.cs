using System.Text;
using Voltaxe.Contracts.Crypto;

namespace Voltaxe.Contracts.Tests.Crypto;

public sealed class AgentIdsTests
{
    [Fact]
    public void The_id_of_the_key_of_rfc_6979_is_known()
    {
        // Computed outside .NET: "a-" + base32(sha256(der)).lower()[:26] of the key in A.2.5.
        using var key = P256Tests.KnownKey();
        Assert.Equal("a-lj5hrtfeud2cbwn4mk5wnhb4e5", AgentIds.From(key));
        Assert.True(AgentIds.IsAgentId(AgentIds.From(key)));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("f", "my")]
    [InlineData("fo", "mzxq")]
    [InlineData("foo", "mzxw6")]
    [InlineData("foob", "mzxw6yq")]
    [InlineData("fooba", "mzxw6ytb")]
    [InlineData("foobar", "mzxw6ytboi")]
    public void Base_32_is_that_of_rfc_4648_in_lower_case_without_padding(string text, string expected) =>
        Assert.Equal(expected, AgentIds.Encode(Encoding.ASCII.GetBytes(text)));

    [Theory]
    [InlineData("a-lj5hrtfeud2cbwn4mk5wnhb4e")]
    [InlineData("a-lj5hrtfeud2cbwn4mk5wnhb4e55")]
    [InlineData("a-lj5hrtfeud2cbwn4mk5wnhb4e1")]
    [InlineData("A-LJ5HRTFEUD2CBWN4MK5WNHB4E5")]
    [InlineData("b-lj5hrtfeud2cbwn4mk5wnhb4e5")]
    [InlineData("a-lj5hrtfeud2cbwn4mk5wnhb4e5\n")]
    [InlineData("")]
    public void Other_texts_are_no_agent_ids(string text) => Assert.False(AgentIds.IsAgentId(text));

    [Theory]
    [InlineData("web-01", true)]
    [InlineData("WEB_01.example.com", true)]
    [InlineData("a-short", true)]
    [InlineData("a-lj5hrtfeud2cbwn4mk5wnhb4e5", false)]
    [InlineData("A-LJ5HRTFEUD2CBWN4MK5WNHB4E5", false)]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData("web-01.", false)]
    [InlineData(".web", true)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData("web 01", false)]
    [InlineData("web-01\n", false)]
    [InlineData("wéb", false)]
    [InlineData("<script>", false)]
    [InlineData("web/01", false)]
    public void Host_names_are_letters_digits_and_three_signs_and_not_shaped_like_an_agent_id(string? name, bool fits) =>
        Assert.Equal(fits, AgentIds.IsHostName(name));

    [Fact]
    public void Host_names_have_at_most_253_characters()
    {
        Assert.True(AgentIds.IsHostName(new string('a', 253)));
        Assert.False(AgentIds.IsHostName(new string('a', 254)));
    }
}
