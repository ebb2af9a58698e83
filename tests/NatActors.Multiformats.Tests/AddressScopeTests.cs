using System.Net;

namespace NatActors.Multiformats.Tests;

public class AddressScopeTests
{
    [Theory]
    [InlineData("0.0.0.0", AddressKind.Unspecified)]
    [InlineData("0.1.2.3", AddressKind.Reserved)]
    [InlineData("127.5.0.1", AddressKind.Loopback)]
    [InlineData("10.0.0.1", AddressKind.Private)]
    [InlineData("172.15.255.255", AddressKind.Public)]
    [InlineData("172.16.0.0", AddressKind.Private)]
    [InlineData("172.31.255.255", AddressKind.Private)]
    [InlineData("172.32.0.0", AddressKind.Public)]
    [InlineData("192.168.255.255", AddressKind.Private)]
    [InlineData("100.63.255.255", AddressKind.Public)]
    [InlineData("100.64.0.0", AddressKind.CarrierGrade)]
    [InlineData("100.127.255.255", AddressKind.CarrierGrade)]
    [InlineData("169.254.1.1", AddressKind.LinkLocal)]
    [InlineData("192.0.2.1", AddressKind.Documentation)]
    [InlineData("198.51.100.1", AddressKind.Documentation)]
    [InlineData("203.0.113.1", AddressKind.Documentation)]
    [InlineData("198.18.0.1", AddressKind.Reserved)]
    [InlineData("224.0.0.1", AddressKind.Multicast)]
    [InlineData("255.255.255.255", AddressKind.Reserved)]
    [InlineData("1.1.1.1", AddressKind.Public)]
    [InlineData("::", AddressKind.Unspecified)]
    [InlineData("::1", AddressKind.Loopback)]
    [InlineData("fe80::1", AddressKind.LinkLocal)]
    [InlineData("fe80::1%2", AddressKind.LinkLocal)]
    [InlineData("fd00::1", AddressKind.Private)]
    [InlineData("2001:db8::1", AddressKind.Documentation)]
    [InlineData("ff02::1", AddressKind.Multicast)]
    [InlineData("2606:4700::1111", AddressKind.Public)]
    [InlineData("::ffff:10.0.0.1", AddressKind.Private)]
    [InlineData("64:ff9b::1.1.1.1", AddressKind.Public)]
    [InlineData("64:ff9b::10.0.0.1", AddressKind.Private)]
    [InlineData("4000::1", AddressKind.Reserved)]
    public void Knows_the_special_purpose_registries(string address, AddressKind kind) =>
        Assert.Equal(kind, AddressScope.KindOf(IPAddress.Parse(address)));

    [Theory]
    [InlineData("/ip4/1.1.1.1/tcp/1", true, false, false)]
    [InlineData("/ip4/203.0.113.1/tcp/1", false, false, false)]
    [InlineData("/ip4/10.0.0.1/tcp/1", false, true, false)]
    [InlineData("/ip4/100.64.0.1/tcp/1", false, true, false)]
    [InlineData("/ip6zone/2/ip6/fe80::1/tcp/1", false, true, false)]
    [InlineData("/ip4/127.0.0.1/tcp/1", false, false, true)]
    [InlineData("/dns4/example.org/tcp/1", true, false, false)]
    [InlineData("/dns4/printer.local/tcp/1", false, false, false)]
    [InlineData("/dns4/localhost/tcp/1", false, false, true)]
    [InlineData("/memory/1", false, false, false)]
    public void Judges_an_address_by_its_head(string text, bool isPublic, bool isPrivate, bool isLoopback)
    {
        var address = Multiaddr.Parse(text);
        Assert.Equal(isPublic, AddressScope.IsPublic(address));
        Assert.Equal(isPrivate, AddressScope.IsPrivate(address));
        Assert.Equal(isLoopback, AddressScope.IsLoopback(address));
    }

    [Fact]
    public void Knows_nat64()
    {
        Assert.True(AddressScope.IsNat64(IPAddress.Parse("64:ff9b::102:304")));
        Assert.False(AddressScope.IsNat64(IPAddress.Parse("1.2.3.4")));
    }
}
