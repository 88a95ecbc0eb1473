using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Contracts.Tests.Commands;

public sealed class AddressTests
{
    [Theory]
    [InlineData("0.0.0.0/0")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("2001:db8::/128")]
    public void Addresses_and_networks_of_both_families(string text) => Assert.True(CommandParams.IsAddressOrNetwork(text));

    [Theory]
    [InlineData("")]
    [InlineData(" 10.0.0.1")]
    [InlineData("10.0.0.1 ")]
    [InlineData("10.0.0.1\n")]
    [InlineData("10.1")]
    [InlineData("167772161")]
    [InlineData("0x0a000001")]
    [InlineData("010.0.0.1")]
    [InlineData("256.0.0.1")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/8/8")]
    [InlineData("10.0.0.0/ 8")]
    [InlineData("10.0.0.0/255.0.0.0")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[::1]")]
    [InlineData("[::1]:80")]
    [InlineData("2001:db8::/129")]
    [InlineData("web-01.example.com")]
    [InlineData("10.0.0.1; flush ruleset")]
    public void Anything_else_is_refused(string text) => Assert.False(CommandParams.IsAddressOrNetwork(text));

    [Fact]
    public void Every_address_in_its_usual_form_fits()
    {
        Prop.ForAll<uint>(n => CommandParams.IsAddressOrNetwork(new IPAddress(n).ToString())).Check(Config.QuickThrowOnFailure);
        Prop.ForAll(ArbMap.Default.GeneratorFor<byte>().ArrayOf(16).ToArbitrary(), b => CommandParams.IsAddressOrNetwork(new IPAddress(b).ToString())).Check(Config.QuickThrowOnFailure);
    }
}
