using System.Net;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.PortMapping;

namespace NatActors.Protocols.Tests.PortMapping;

public sealed class PortControlCodecTests
{
    private static readonly byte[] Nonce = [.. Enumerable.Range(1, PcpCodec.NonceLength).Select(i => (byte)i)];

    [Fact]
    public void Nat_pmp_requests_are_written_as_rfc_6886_draws_them()
    {
        Assert.Equal(Convert.FromHexString("0000"), NatPmpCodec.AskAddress());
        Assert.Equal(
            Convert.FromHexString("00020000" + "0FA10FA1" + "00001C20"),
            NatPmpCodec.AskMapping(IpProtocol.Tcp, 4001, 4001, TimeSpan.FromHours(2)));
        Assert.Equal(
            Convert.FromHexString("00010000" + "0FA10000" + "00000000"),
            NatPmpCodec.AskMapping(IpProtocol.Udp, 4001, 4001, TimeSpan.Zero));
    }

    [Fact]
    public void Nat_pmp_answers_are_read()
    {
        Assert.Equal(
            new NatPmpAnswer.ExternalAddress(NatPmpResult.Success, 16, IPAddress.Parse("29.0.1.2")),
            NatPmpCodec.Parse(Convert.FromHexString("00800000" + "00000010" + "1D000102")));
        Assert.Equal(
            new NatPmpAnswer.Mapping(NatPmpResult.Success, 16, IpProtocol.Tcp, 4001, 4002, TimeSpan.FromHours(1)),
            NatPmpCodec.Parse(Convert.FromHexString("00820000" + "00000010" + "0FA10FA2" + "00000E10")));
        Assert.Equal(
            new NatPmpAnswer.ExternalAddress(NatPmpResult.NetworkFailure, 16, null),
            NatPmpCodec.Parse(Convert.FromHexString("00800003" + "00000010" + "1D000102")));
        Assert.Equal(
            new NatPmpAnswer.Unsupported(NatPmpResult.UnsupportedOpcode), NatPmpCodec.Parse(Convert.FromHexString("00820005")));
    }

    [Fact]
    public void A_server_of_pcp_alone_is_no_nat_pmp_router()
    {
        Assert.Equal(
            new NatPmpAnswer.Unsupported(NatPmpResult.UnsupportedVersion), NatPmpCodec.Parse(Convert.FromHexString("02800001" + "00000000")));
    }

    [Theory]
    [InlineData("00800000" + "00000010" + "1D000102")]
    [InlineData("00820000" + "00000010" + "0FA10FA2" + "00000E10")]
    public void A_nat_pmp_answer_cut_anywhere_is_none(string hex)
    {
        var whole = Convert.FromHexString(hex);
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Null(NatPmpCodec.Parse(whole.AsSpan(0, length)));
        }

        Assert.NotNull(NatPmpCodec.Parse([.. whole, 0xFF, 0xFF]));
    }

    [Theory]
    [InlineData("00020000" + "0FA10FA1" + "00001C20")]
    [InlineData("00900000" + "00000010" + "0FA10FA2" + "00000E10")]
    public void What_is_no_nat_pmp_answer_is_none(string hex) => Assert.Null(NatPmpCodec.Parse(Convert.FromHexString(hex)));

    [Fact]
    public void A_pcp_request_is_written_as_rfc_6887_draws_it()
    {
        var mapping = new PcpMapping(Nonce, 6, 4001, 4002, IPAddress.Any);

        var request = PcpCodec.Map(IPAddress.Parse("10.0.0.2"), mapping, TimeSpan.FromHours(2));

        Assert.Equal(
            Convert.FromHexString(
                "02010000" + "00001C20" + "00000000000000000000FFFF0A000002"
                + "0102030405060708090A0B0C" + "06000000" + "0FA10FA2" + "00000000000000000000FFFF00000000"),
            request);
        Assert.Equal(
            Convert.FromHexString("02000000" + "00000000" + "FE800000000000000000000000000001"),
            PcpCodec.Announce(IPAddress.Parse("fe80::1")));
    }

    [Fact]
    public void A_pcp_answer_is_read()
    {
        var answer = PcpCodec.Parse(Answer());

        Assert.Equal((PcpCodec.Version, PcpResult.Success, TimeSpan.FromHours(1), 16u), (answer!.Version, answer.Result, answer.Lifetime, answer.Epoch));
        var mapping = answer.Mapping!;
        Assert.Equal(Nonce, mapping.Nonce.ToArray());
        Assert.Equal((6, 4001, 4002, IPAddress.Parse("29.0.1.2")), (mapping.Protocol, mapping.InternalPort, mapping.ExternalPort, mapping.External));
    }

    [Fact]
    public void A_pcp_answer_cut_anywhere_is_none()
    {
        var whole = Answer();
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Null(PcpCodec.Parse(whole.AsSpan(0, length)));
        }

        Assert.NotNull(PcpCodec.Parse([.. whole, 0, 0, 0, 0]));
        Assert.Null(PcpCodec.Parse([.. whole, 0]));
        Assert.Null(PcpCodec.Parse([.. whole, .. new byte[PcpCodec.MaxMessage]]));
    }

    [Fact]
    public void A_router_of_nat_pmp_alone_answers_pcp_in_its_own_version()
    {
        var answer = PcpCodec.Parse(Convert.FromHexString("00810001" + "00000010"));

        Assert.Equal((0, PcpResult.UnsupportedVersion), (answer!.Version, answer.Result));
    }

    [Fact]
    public void A_request_is_no_answer()
    {
        var request = PcpCodec.Map(IPAddress.Loopback, new PcpMapping(Nonce, 6, 1, 1, IPAddress.Any), TimeSpan.Zero);

        Assert.Null(PcpCodec.Parse(request));
    }

    [Fact]
    public void Nothing_that_comes_by_chance_breaks_a_decoder()
    {
        var random = new Random(7);
        var buffer = new byte[2048];
        for (var i = 0; i < 20_000; i++)
        {
            random.NextBytes(buffer);
            var datagram = buffer.AsSpan(0, random.Next(80));
            if (datagram.Length > 1)
            {
                datagram[0] = (byte)(i % 4);
                datagram[1] = (byte)(128 + (i % 3));
            }

            _ = NatPmpCodec.Parse(datagram);
            _ = PcpCodec.Parse(datagram);
        }
    }

    [Fact]
    public void A_nonce_is_the_same_for_the_same_port_and_another_for_another_port_or_node()
    {
        var port = new PortToMap(IpProtocol.Tcp, IPAddress.Parse("10.0.0.2"), 4001);
        var nonces = new MappingNonce([1, 2, 3]);

        Assert.Equal(PcpCodec.NonceLength, nonces.Of(port).Length);
        Assert.Equal(nonces.Of(port), new MappingNonce([1, 2, 3]).Of(port));
        Assert.NotEqual(nonces.Of(port), nonces.Of(port with { Port = 4002 }));
        Assert.NotEqual(nonces.Of(port), nonces.Of(port with { Protocol = IpProtocol.Udp }));
        Assert.NotEqual(nonces.Of(port), new MappingNonce([1, 2, 4]).Of(port));
    }

    [Theory]
    [InlineData(100, 110, 10, true)]
    [InlineData(100, 99, 0, true)]
    [InlineData(100, 98, 0, false)]
    [InlineData(100, 3, 10, false)]
    [InlineData(100, 200, 10, false)]
    [InlineData(100, 110, 100, false)]
    public void A_pcp_epoch_fits_or_tells_of_a_restart(uint before, uint after, int seconds, bool fits)
    {
        var epoch = new GatewayEpoch();
        Assert.True(epoch.AcceptPcp(before, TimeSpan.Zero));

        Assert.Equal(fits, epoch.AcceptPcp(after, TimeSpan.FromSeconds(seconds)));
    }

    [Theory]
    [InlineData(100, 110, 10, true)]
    [InlineData(100, 108, 10, true)]
    [InlineData(1000, 1700, 1000, false)]
    [InlineData(1000, 1873, 1000, true)]
    [InlineData(100, 3, 10, false)]
    public void A_nat_pmp_epoch_fits_or_tells_of_a_restart(uint before, uint after, int seconds, bool fits)
    {
        var epoch = new GatewayEpoch();
        Assert.True(epoch.AcceptNatPmp(before, TimeSpan.Zero));

        Assert.Equal(fits, epoch.AcceptNatPmp(after, TimeSpan.FromSeconds(seconds)));
    }

    private static byte[] Answer() => Convert.FromHexString(
        "02810000" + "00000E10" + "00000010" + "000000000000000000000000"
        + "0102030405060708090A0B0C" + "06000000" + "0FA10FA2" + "00000000000000000000FFFF1D000102");
}
