using NatActors.Protocols.AutoNat;
using static NatActors.Protocols.Tests.AutoNat.ServerHarness;

namespace NatActors.Protocols.Tests.AutoNat;

public sealed class ServerPolicyTests
{
    private const string Relay = "/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";

    [Theory]
    [InlineData("/ip4/12.0.0.1/tcp/4001")]
    [InlineData("/ip4/12.0.0.1/tcp/4001" + Relay)]
    [InlineData("/ip6/2a00::2/tcp/4001")]
    public void An_address_of_the_internet_is_dialed(string address) =>
        Assert.Equal(DialBackRefusal.None, Policy().Judge(Address(address)));

    [Theory]
    [InlineData("/ip4/12.0.0.1/tcp/4001" + Relay + "/p2p-circuit", DialBackRefusal.Relayed)]
    [InlineData("/ip4/192.168.0.1/tcp/4001", DialBackRefusal.NotPublic)]
    [InlineData("/ip4/100.64.0.1/tcp/4001", DialBackRefusal.NotPublic)]
    [InlineData("/ip4/127.0.0.1/tcp/4001", DialBackRefusal.NotPublic)]
    [InlineData("/ip4/169.254.0.1/tcp/4001", DialBackRefusal.NotPublic)]
    [InlineData("/ip4/0.0.0.0/tcp/4001", DialBackRefusal.NotPublic)]
    [InlineData("/ip4/224.0.0.1/tcp/4001", DialBackRefusal.NotPublic)]
    [InlineData("/ip4/255.255.255.255/tcp/4001", DialBackRefusal.NotPublic)]
    [InlineData("/ip4/203.0.113.1/tcp/4001", DialBackRefusal.NotPublic)]
    [InlineData("/ip6/::1/tcp/4001", DialBackRefusal.NotPublic)]
    [InlineData("/ip6/fd00::1/tcp/4001", DialBackRefusal.NotPublic)]
    [InlineData("/ip6/fe80::1/tcp/4001", DialBackRefusal.NotPublic)]
    [InlineData("/dns4/localhost/tcp/4001", DialBackRefusal.NotPublic)]
    [InlineData("/ip4/11.0.0.1/tcp/22", DialBackRefusal.OwnAddress)]
    [InlineData("/ip6/2a00::1/tcp/22", DialBackRefusal.OwnAddress)]
    [InlineData("/ip6/::ffff:12.0.0.1/tcp/4001", DialBackRefusal.Unsupported)]
    [InlineData("/ip6/64:ff9b::c00:1/tcp/4001", DialBackRefusal.Unsupported)]
    [InlineData("/ip6zone/eth0/ip6/2a00::2/tcp/4001", DialBackRefusal.Unsupported)]
    [InlineData("/ip4/12.0.0.1/tcp/0", DialBackRefusal.Unsupported)]
    [InlineData("/ip4/12.0.0.1/udp/4001/quic-v1", DialBackRefusal.Unsupported)]
    [InlineData("/ip4/12.0.0.1", DialBackRefusal.Unsupported)]
    [InlineData("/dns4/example.org/tcp/4001", DialBackRefusal.Unsupported)]
    public void Everything_else_is_refused_by_name(string address, DialBackRefusal refusal) =>
        Assert.Equal(refusal, Policy().Judge(Address(address)));

    [Theory]
    [InlineData("/ip4/12.0.0.1/tcp/4001", "11.0.0.1", DialBackRefusal.None)]
    [InlineData("/ip6/2a00::2/tcp/4001", "11.0.0.1", DialBackRefusal.Unsupported)]
    [InlineData("/ip6/2a00::2/tcp/4001", "fe80::1", DialBackRefusal.Unsupported)]
    [InlineData("/ip6/2a00::2/tcp/4001", "2a00::1", DialBackRefusal.None)]
    [InlineData("/ip4/12.0.0.1/tcp/4001", "2a00::1", DialBackRefusal.Unsupported)]
    public void An_ip_version_that_no_interface_has_is_never_dialed(string address, string own, DialBackRefusal refusal) =>
        Assert.Equal(refusal, Policy(interfaces: own).Judge(Address(address)));

    [Theory]
    [InlineData("/ip4/192.168.0.1/tcp/4001", DialBackRefusal.None)]
    [InlineData("/ip4/127.0.0.1/tcp/4001", DialBackRefusal.None)]
    [InlineData("/ip4/10.0.0.5/tcp/4001", DialBackRefusal.None)]
    [InlineData("/ip4/11.0.0.1/tcp/4001", DialBackRefusal.OwnAddress)]
    [InlineData("/ip4/0.0.0.0/tcp/4001", DialBackRefusal.NotPublic)]
    [InlineData("/ip4/224.0.0.1/tcp/4001", DialBackRefusal.NotPublic)]
    public void A_network_of_its_own_may_allow_private_addresses(string address, DialBackRefusal refusal) =>
        Assert.Equal(refusal, Policy(allowPrivate: true).Judge(Address(address)));
}
