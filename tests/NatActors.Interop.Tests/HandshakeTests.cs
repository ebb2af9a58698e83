using System.Security.Cryptography;
using System.Text.Json.Nodes;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Connections;
using NatActors.Node.Tests.Whole;
using NatActors.Testing.Js;

namespace NatActors.Interop.Tests;

/// <summary>TCP, Noise and Yamux with js, whoever dials: identities, where the muxer is agreed, addresses.</summary>
public sealed class HandshakeTests
{
    private const string Loopback = "/ip4/127.0.0.1/tcp/0";
    private const string LoopbackV6 = "/ip6/::1/tcp/0";

    public static TheoryData<string[]> Peers { get; } = new(
        (string[])["--key-type", "Ed25519"],
        ["--key-type", "secp256k1"],
        ["--key-type", "RSA"],
        ["--no-early-muxer"]);

    [SkippableTheory]
    [MemberData(nameof(Peers))]
    public async Task Our_node_dials_js(string[] options)
    {
        await using var js = await JsPeer.StartAsync([.. options, "--listen", Loopback]);
        await using var ours = await LoopbackNode.StartAsync();

        var connection = await ours.Node.DialAsync(Multiaddr.Parse(js.Addresses[0])).WaitAsync(JsPeer.Guard);

        Assert.Equal(js.PeerId, connection.Peer.ToString());
        var seen = await js.EventAsync("connected");
        Assert.Equal(ours.Id.ToString(), seen["peer"]!.GetValue<string>());
        Assert.Equal(("inbound", "/yamux/1.0.0", "/noise"), HowItRuns(seen));
        Assert.True(await ours.Node.PingAsync(connection.Peer).WaitAsync(JsPeer.Guard) > TimeSpan.Zero);
        Assert.Single(await js.PingAsync(ours.Id.ToString()));
    }

    [SkippableTheory]
    [MemberData(nameof(Peers))]
    public async Task Js_dials_our_node(string[] options)
    {
        await using var js = await JsPeer.StartAsync(options);
        await using var ours = await LoopbackNode.StartAsync();

        await js.DialAsync(ours.Address.ToString());

        Assert.Equal(("outbound", "/yamux/1.0.0", "/noise"), HowItRuns(await js.EventAsync("connected")));
        var connected = await ours.Events.NextAsync<NodeEvents.Connected>();
        Assert.Equal((js.PeerId, ConnectionDirection.Inbound, false), (connected.Peer.ToString(), connected.Direction, connected.Relayed));
        Assert.Single(await js.PingAsync(ours.Id.ToString()));
        Assert.True(await ours.Node.PingAsync(connected.Peer).WaitAsync(JsPeer.Guard) > TimeSpan.Zero);
    }

    [SkippableTheory]
    [InlineData(KeyType.Rsa)]
    [InlineData(KeyType.Secp256k1)]
    public async Task Js_accepts_our_other_keys(KeyType type)
    {
        using var key = Generate(type);
        await using var js = await JsPeer.StartAsync("--listen", Loopback);
        await using var ours = await LoopbackNode.StartAsync(setUp: setup => setup with { Key = key });

        await ours.Node.DialAsync(Multiaddr.Parse(js.Addresses[0])).WaitAsync(JsPeer.Guard);

        Assert.Single(await js.PingAsync(key.PeerId.ToString()));
        var told = await js.EventAsync("identified");
        Assert.True(told["signed"]!.GetValue<bool>());
    }

    [SkippableFact]
    public async Task Js_refuses_an_ecdsa_key_and_both_go_on()
    {
        using var key = Generate(KeyType.Ecdsa);
        await using var js = await JsPeer.StartAsync("--listen", Loopback);
        await using var ours = await LoopbackNode.StartAsync(setUp: setup => setup with { Key = key });
        await using var other = await LoopbackNode.StartAsync();

        // The dialer's handshake ends with its own last message, so the refusal shows only after it.
        await ours.Node.DialAsync(Multiaddr.Parse(js.Addresses[0])).WaitAsync(JsPeer.Guard);
        await ours.Events.NextAsync<NodeEvents.Disconnected>();
        await Assert.ThrowsAsync<JsPeerException>(() => js.DialAsync(ours.Address.ToString()));

        Assert.False((await other.Node.DialAsync(ours.Address).WaitAsync(JsPeer.Guard)).Relayed);
        Assert.False((await other.Node.DialAsync(Multiaddr.Parse(js.Addresses[0])).WaitAsync(JsPeer.Guard)).Relayed);
    }

    [SkippableFact]
    public async Task Another_identity_than_the_asked_one_is_refused_by_both()
    {
        await using var js = await JsPeer.StartAsync("--listen", Loopback);
        await using var ours = await LoopbackNode.StartAsync();
        await using var somebody = await LoopbackNode.StartAsync();

        var refused = await Assert.ThrowsAsync<PeerUnreachableException>(
            () => ours.Node.DialAsync(Multiaddr.Parse(js.Addresses[0]).WithoutPeerId().WithPeerId(somebody.Id)).WaitAsync(JsPeer.Guard));
        await Assert.ThrowsAsync<JsPeerException>(() => js.DialAsync(ours.Address.WithoutPeerId().WithPeerId(somebody.Id).ToString()));

        Assert.Equal(DialFailureKind.AllFailed, refused.Failure.Kind);
        Assert.Equal(js.PeerId, (await ours.Node.DialAsync(Multiaddr.Parse(js.Addresses[0])).WaitAsync(JsPeer.Guard)).Peer.ToString());
    }

    [SkippableFact]
    public async Task Each_of_several_listen_addresses_is_reached()
    {
        await using var js = await JsPeer.StartAsync("--listen", Loopback, "--listen", LoopbackV6);
        await using var ours = await LoopbackNode.StartAsync(
            o => o with { Listen = [Multiaddr.Parse(Loopback), Multiaddr.Parse(Loopback), Multiaddr.Parse(LoopbackV6)] });
        Assert.Equal(2, js.Addresses.Count);
        Assert.Equal(3, ours.Node.ListenAddresses.Count);

        foreach (var address in ours.Node.ListenAddresses)
        {
            var connection = await js.DialAsync(address.ToString());
            Assert.Equal(ours.Id.ToString(), connection.Peer);
            await js.CloseAsync(ours.Id.ToString());
        }

        foreach (var address in js.Addresses.Select(Multiaddr.Parse))
        {
            await using var dialer = await LoopbackNode.StartAsync(
                o => o with { Listen = [Multiaddr.Parse(Loopback), Multiaddr.Parse(LoopbackV6)] });
            var connection = await dialer.Node.DialAsync(address).WaitAsync(JsPeer.Guard);
            Assert.Equal(address.WithoutPeerId(), connection.RemoteAddress);
            Assert.True(connection.PortReused);
        }
    }

    private static (string Direction, string Muxer, string Security) HowItRuns(JsonNode connected) => (
        connected["direction"]!.GetValue<string>(),
        connected["muxer"]!.GetValue<string>(),
        connected["security"]!.GetValue<string>());

    private static PrivateKey Generate(KeyType type)
    {
        var data = type switch
        {
            KeyType.Rsa => RSA.Create(2048).ExportRSAPrivateKey(),
            KeyType.Ecdsa => ECDsa.Create(ECCurve.NamedCurves.nistP256).ExportECPrivateKey(),
            _ => RandomNumberGenerator.GetBytes(32),
        };
        var length = new byte[Varint.MaxLength];
        return PrivateKey.FromProtobuf([0x08, (byte)type, 0x12, .. length[..Varint.Write(length, (ulong)data.Length)], .. data]);
    }
}
