using System.Security.Cryptography;
using System.Text;
using Voltaxe.Contracts.Crypto;

namespace Voltaxe.Contracts.Tests.Crypto;

public sealed class P256Tests
{
    // RFC 6979, A.2.5: the private key, and its public point.
    private const string KnownX = "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6";
    private const string KnownY = "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
    private const string SampleR = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716";
    private const string SampleS = "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";

    [Fact]
    public void The_signature_of_the_rfc_verifies()
    {
        using var key = KnownKey();
        Assert.True(P256.Verify(key, "sample", Base64UrlText.Encode(Convert.FromHexString(SampleR + SampleS))));
        Assert.False(P256.Verify(key, "samplf", Base64UrlText.Encode(Convert.FromHexString(SampleR + SampleS))));
    }

    [Fact]
    public void A_public_key_goes_there_and_back()
    {
        using var key = P256.Create();
        using var read = P256.TryImport(P256.PublicKeyOf(key));
        Assert.NotNull(read);
        Assert.True(P256.Verify(read, "text", P256.Sign(key, "text")));
        Assert.Equal(P256.Fingerprint(key), P256.Fingerprint(read));
        Assert.ThrowsAny<CryptographicException>(() => P256.Sign(read, "text"));
    }

    [Fact]
    public void Keys_on_other_curves_and_of_other_kinds_are_refused()
    {
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var p521 = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        using var brainpool = ECDsa.Create(ECCurve.NamedCurves.brainpoolP256r1);
        using var rsa = RSA.Create(2048);
        Assert.Null(P256.TryImport(P256.PublicKeyOf(p384)));
        Assert.Null(P256.TryImport(P256.PublicKeyOf(p521)));
        Assert.Null(P256.TryImport(P256.PublicKeyOf(brainpool)));
        Assert.Null(P256.TryImport(Base64UrlText.Encode(rsa.ExportSubjectPublicKeyInfo())));
    }

    [Fact]
    public void Trailing_bytes_truncated_keys_and_points_off_the_curve_are_refused()
    {
        using var key = P256.Create();
        var der = key.ExportSubjectPublicKeyInfo();
        var off = der.ToArray();
        off[^1] ^= 1;
        Assert.Null(P256.TryImport(Base64UrlText.Encode([.. der, 0])));
        Assert.Null(P256.TryImport(Base64UrlText.Encode(der.AsSpan(0, der.Length - 1))));
        Assert.Null(P256.TryImport(Base64UrlText.Encode(off)));
        Assert.Null(P256.TryImport(Base64UrlText.Encode([])));
        Assert.Null(P256.TryImport(null));
        Assert.Null(P256.TryImport(new string('A', 600)));
        Assert.Null(P256.TryImport(Convert.ToBase64String(der) + "="));
        Assert.Null(P256.TryImport(key.ExportSubjectPublicKeyInfoPem()));
    }

    [Fact]
    public void A_private_key_in_place_of_a_public_one_is_refused()
    {
        using var key = P256.Create();
        Assert.Null(P256.TryImport(Base64UrlText.Encode(key.ExportPkcs8PrivateKey())));
        Assert.Null(P256.TryImport(Base64UrlText.Encode(key.ExportECPrivateKey())));
    }

    [Fact]
    public void Signatures_are_64_bytes_and_der_is_refused()
    {
        using var key = P256.Create();
        Assert.True(Base64UrlText.TryDecode(P256.Sign(key, "text"), out var raw));
        Assert.Equal(64, raw.Length);
        var der = key.SignData(Encoding.UTF8.GetBytes("text"), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        Assert.False(P256.Verify(key, "text", Base64UrlText.Encode(der)));
    }

    [Fact]
    public void Signatures_that_are_empty_zero_short_long_or_of_another_key_are_refused()
    {
        using var key = P256.Create();
        using var other = P256.Create();
        Base64UrlText.TryDecode(P256.Sign(key, "text"), out var raw);
        foreach (var wrong in new[] { null, "", "*", Base64UrlText.Encode(new byte[64]), Base64UrlText.Encode(raw.AsSpan(0, 63)), Base64UrlText.Encode([.. raw, 0]), P256.Sign(other, "text") })
            Assert.False(P256.Verify(key, "text", wrong), wrong);
        for (var bit = 0; bit < 512; bit += 37)
        {
            var flipped = raw.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(P256.Verify(key, "text", Base64UrlText.Encode(flipped)));
        }
    }

    [Fact]
    public void What_is_signed_when_enrolling_and_announcing_a_key_is_frozen()
    {
        Assert.Equal("t|Web-01|cHVi", P256.EnrolmentText("t", "Web-01", "cHVi"));
        Assert.Equal("k2|cHVi|2026-02-01T00:00:00Z", P256.KeyAnnouncementText("k2", "cHVi", "2026-02-01T00:00:00Z"));
    }

    [Fact]
    public void The_fingerprint_is_16_characters_of_the_sha_256_of_the_key()
    {
        using var key = KnownKey();
        Assert.Equal("Wnp4zKSg9CDZvGK7", P256.Fingerprint(key));
    }

    internal static ECDsa KnownKey() => ECDsa.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = Convert.FromHexString(KnownX), Y = Convert.FromHexString(KnownY) },
    });
}
