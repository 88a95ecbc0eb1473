using System.Text;
using Voltaxe.Contracts.Crypto;

namespace Voltaxe.Contracts.Tests.Crypto;

public sealed class ReleaseCodesTests
{
    private static readonly byte[] Payload = Encoding.UTF8.GetBytes("{\"v\":1,\"nonce\":\"~~~???\"}");

    [Fact]
    public void A_code_is_taken_apart_as_it_was_put_together()
    {
        using var key = P256.Create();
        var code = ReleaseCodes.Compose(Payload, P256.Sign(key, Payload));
        Assert.Matches(@"^vtx_rel_[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}\z", code);
        Assert.True(ReleaseCodes.TryRead(code, out var payload, out var signature));
        Assert.Equal(Payload, payload);
        Assert.True(P256.Verify(key, payload, signature));
    }

    [Fact]
    public void Line_ends_and_blanks_of_a_paste_do_not_count()
    {
        var code = ReleaseCodes.Compose(Payload, "c2ln");
        var wrapped = " " + string.Join("\r\n  ", code.Chunk(20).Select(c => new string(c))) + "\n";
        Assert.True(ReleaseCodes.TryRead(wrapped, out var payload, out var signature));
        Assert.Equal(Payload, payload);
        Assert.Equal("c2ln", signature);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("vtx_rel_")]
    [InlineData("vtx_rel_.")]
    [InlineData("vtx_rel_e30")]
    [InlineData("vtx_rel_e30.")]
    [InlineData("vtx_rel_.e30")]
    [InlineData("vtx_rel_e30=.c2ln")]
    [InlineData("vtx_rel_e.c2ln")]
    [InlineData("VTX_REL_e30.c2ln")]
    [InlineData("vtx_enr_e30.c2ln")]
    public void What_is_no_code_is_not_read(string? code) => Assert.False(ReleaseCodes.TryRead(code, out _, out _));

    [Fact]
    public void A_text_without_end_is_not_looked_at() => Assert.False(ReleaseCodes.TryRead("vtx_rel_" + new string('A', 5_000) + ".c2ln", out _, out _));
}
