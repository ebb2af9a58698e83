using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Negotiation;
using NatActors.Node.Tests.Whole;
using NatActors.Transports;
using NatActors.Wire.Negotiation;
using NatActors.Wire.Security;

namespace NatActors.Node.Tests.BadInput;

/// <summary>Peers that break the handshake: they lose their connection, and nobody else notices.</summary>
[Collection(BadInputCollection.Name)]
public sealed class HandshakeTests
{
    private static readonly ConnectionOptions Hasty = new() { UpgradeTimeout = TimeSpan.FromSeconds(1) };

    public static TheoryData<string, byte[]> Openings => new()
    {
        { "another protocol", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray() },
        { "a length in more bytes than it needs", [0x94, 0x00] },
        { "a length of ten bytes", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01] },
        { "a line of a mebibyte", [0x80, 0x80, 0x40, .. new byte[1 << 20]] },
        { "an empty line", [0x00] },
        { "a line without its end", [0x02, (byte)'n', (byte)'a'] },
        { "a length and no more", [0x94] },
        { "half of the header", Line(Multistream.Header)[..9] },
        { "a header that is none", Line("/multistream/2.0.0") },
        { "zeros", new byte[4096] },
        { "all bits", [.. Enumerable.Repeat((byte)0xff, 4096)] },
    };

    public static TheoryData<string, byte[]> NoiseMessages => new()
    {
        { "an empty message", [0, 0] },
        { "a message too short for a key", [0, 31, .. new byte[31]] },
        { "a key of zeros", [0, 32, .. new byte[32]] },
        { "the largest message", [0xff, 0xff, .. new byte[65_535]] },
        { "half a message", [0, 32, 1, 2, 3] },
        { "half a length", [0] },
    };

    [Theory]
    [MemberData(nameof(Openings))]
    public async Task A_peer_that_does_not_speak_multistream_is_cut(string what, byte[] opening)
    {
        Assert.NotEmpty(what);
        await using var victim = await Victim.StartAsync(o => o with { Connections = Hasty });
        await using var conduit = await SocketConduit.ConnectAsync(victim.Node.Address);

        await TryWriteAsync(conduit, opening);

        Assert.True(await BadPeer.IsCutAsync(conduit));
        await victim.IsWellAsync();
    }

    [Theory]
    [MemberData(nameof(NoiseMessages))]
    public async Task A_peer_whose_first_noise_message_is_none_is_cut(string what, byte[] message)
    {
        Assert.NotEmpty(what);
        await using var victim = await Victim.StartAsync(o => o with { Connections = Hasty });
        await using var conduit = await SocketConduit.ConnectAsync(victim.Node.Address);
        var agreed = await ConduitNegotiation.ProposeAsync(conduit, ["/noise"], CancellationToken.None).WaitAsync(LoopbackNode.Guard);

        await TryWriteAsync(agreed.Conduit, message);

        Assert.True(await BadPeer.IsCutAsync(agreed.Conduit));
        await victim.IsWellAsync();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(40)]
    [InlineData(-1)]
    public async Task A_peer_whose_proof_was_changed_on_the_way_is_cut(int position)
    {
        await using var victim = await Victim.StartAsync();
        await using var conduit = await SocketConduit.ConnectAsync(victim.Node.Address);
        var agreed = await ConduitNegotiation.ProposeAsync(conduit, ["/noise"], CancellationToken.None).WaitAsync(LoopbackNode.Guard);
        using var key = PrivateKey.GenerateEd25519(SystemRandomSource.Instance);
        using var handshake = new NoiseHandshake(initiator: true, key, SystemRandomSource.Instance, victim.Node.Id, []);
        var output = new ArrayBufferWriter<byte>();
        handshake.Start(output);
        await agreed.Conduit.WriteAsync(output.WrittenMemory);
        output.ResetWrittenCount();
        var buffer = new byte[4096];
        while (output.WrittenCount == 0)
        {
            var read = await agreed.Conduit.ReadAsync(buffer);
            handshake.Read(buffer.AsSpan(0, read), output, out _);
        }

        var proof = output.WrittenMemory.ToArray();
        proof[position < 0 ? proof.Length + position : position] ^= 1;
        await TryWriteAsync(agreed.Conduit, proof);

        Assert.True(await BadPeer.IsCutAsync(agreed.Conduit));
        await victim.IsWellAsync();
    }

    [Fact]
    public async Task A_peer_that_proposes_without_end_is_cut()
    {
        await using var victim = await Victim.StartAsync();
        await using var conduit = await SocketConduit.ConnectAsync(victim.Node.Address);
        byte[] proposals = [.. Line(Multistream.Header), .. Enumerable.Range(0, 5000).SelectMany(i => Line($"/nonsense/{i}"))];

        await TryWriteAsync(conduit, proposals);

        Assert.True(await BadPeer.IsCutAsync(conduit));
        await victim.IsWellAsync();
    }

    [Fact]
    public async Task A_silent_crowd_is_bounded_and_leaves_room_again()
    {
        await using var victim = await Victim.StartAsync(
            o => o with { Connections = Hasty with { MaxPendingInbound = 8 } });
        var crowd = new List<SocketConduit>();
        for (var i = 0; i < 64; i++)
        {
            if (await SocketConduit.TryConnectAsync(victim.Node.Address) is { } conduit)
            {
                crowd.Add(conduit);
            }
        }

        await Task.WhenAll(crowd.Select(BadPeer.IsCutAsync));

        await victim.IsWellAsync();
        await using var honest = await LoopbackNode.StartAsync();
        await honest.Node.DialAsync(victim.Node.Address).WaitAsync(LoopbackNode.Guard);
        await honest.Node.PingAsync(victim.Node.Id).WaitAsync(LoopbackNode.Guard);
        crowd.ForEach(c => c.Abort());
    }

    public static TheoryData<string, byte[]> Answers => new()
    {
        { "garbage", "220 mail.example ESMTP\r\n"u8.ToArray() },
        { "a mebibyte", [0x80, 0x80, 0x40, .. new byte[1 << 20]] },
        { "not available, without end", [.. Line(Multistream.Header), .. Enumerable.Range(0, 5000).SelectMany(_ => Line("na"))] },
        { "what was not proposed", [.. Line(Multistream.Header), .. Line("/tls/1.0.0")] },
        { "no noise message", [.. Line(Multistream.Header), .. Line("/noise"), 0xff, 0xff, .. new byte[65_535]] },
        { "nothing", [] },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_dialed_peer_that_answers_nonsense_ends_the_dial_with_one_line(string what, byte[] answer)
    {
        Assert.NotEmpty(what);
        await using var victim = await Victim.StartAsync(o => o with { Connections = Hasty });
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = Multiaddr.FromTcp((IPEndPoint)listener.LocalEndpoint).WithPeerId(victim.Friend.Id);
        var dialing = Assert.ThrowsAsync<PeerUnreachableException>(() => victim.Node.Node.DialAsync(WithStranger(address)).WaitAsync(LoopbackNode.Guard));
        await using var conduit = SocketConduit.Of(await listener.AcceptSocketAsync());

        await TryWriteAsync(conduit, answer);

        var unreachable = await dialing;
        Assert.DoesNotContain('\n', unreachable.Message);
        Assert.DoesNotContain("   at ", unreachable.Message, StringComparison.Ordinal);
        await victim.IsWellAsync();
    }

    private static Multiaddr WithStranger(Multiaddr address)
    {
        using var key = PrivateKey.GenerateEd25519(SystemRandomSource.Instance);
        return address.WithoutPeerId().WithPeerId(key.PeerId);
    }

    private static byte[] Line(string text) => [(byte)(text.Length + 1), .. Encoding.ASCII.GetBytes(text), (byte)'\n'];

    private static async Task TryWriteAsync(IConduit conduit, byte[] bytes)
    {
        try
        {
            await conduit.WriteAsync(bytes);
        }
        catch (IOException)
        {
            // Cut while it still spoke.
        }
    }
}
