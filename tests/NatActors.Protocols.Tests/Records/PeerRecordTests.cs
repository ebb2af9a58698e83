using Google.Protobuf;
using NatActors.Multiformats;
using NatActors.Multiformats.Tests.Shared;
using NatActors.Protocols.Records;
using NatActors.Protocols.Records.Proto;

namespace NatActors.Protocols.Tests.Records;

public sealed class PeerRecordTests : IDisposable
{
    private static readonly VectorFile Vectors = new("go-peer-record.txt");

    private readonly PrivateKey _key = PrivateKey.GenerateEd25519(new SeededRandom(1));
    private readonly PrivateKey _other = PrivateKey.GenerateEd25519(new SeededRandom(2));

    /// <summary>Vectors/go-peer-record.txt says where the record comes from.</summary>
    [Fact]
    public void Opens_a_record_made_by_go_and_seals_the_same_bytes()
    {
        using var key = PrivateKey.FromProtobuf(Vectors["privateKey"]);
        Assert.True(PeerRecord.TryOpen(Vectors["envelope"], out var record, out var failure), failure.ToString());
        Assert.Equal(key.PeerId, record.Peer);
        Assert.Equal(
            ["/ip4/1.2.3.4/tcp/0", "/ip4/1.2.3.4/tcp/1", "/ip4/1.2.3.4/tcp/2"],
            record.Addresses.Take(3).Select(a => a.ToString()));
        Assert.Equal(Convert.ToHexStringLower(Vectors["envelope"]), Convert.ToHexStringLower(record.Seal(key)));
    }

    [Fact]
    public void Comes_back_as_it_was()
    {
        var record = new PeerRecord(_key.PeerId, ulong.MaxValue, [Multiaddr.Parse("/ip4/1.2.3.4/tcp/1"), Multiaddr.Parse("/dns/a.b/udp/2/quic-v1")]);
        Assert.True(PeerRecord.TryOpen(record.Seal(_key), out var opened, out _));
        Assert.Equal((record.Peer, record.Sequence), (opened.Peer, opened.Sequence));
        Assert.Equal(record.Addresses, opened.Addresses);
        Assert.True(PeerRecord.TryOpen(new PeerRecord(_key.PeerId, 0, []).Seal(_key), out opened, out _));
        Assert.Equal((0UL, 0), (opened.Sequence, opened.Addresses.Count));
    }

    /// <summary>Domain and type of libp2p/specs RFC 0003, which rust-libp2p uses unless told otherwise (core/src/peer_record.rs).</summary>
    [Fact]
    public void Opens_the_other_domain_in_use()
    {
        var message = new PeerRecordMessage { PeerId = ByteString.CopyFrom(_key.PeerId.Bytes.Span), Seq = 7 };
        Assert.True(PeerRecord.TryOpen(Envelope.Seal(_key, RecordKind.RoutingRecord, message.ToByteArray()), out var record, out _));
        Assert.Equal(7UL, record.Sequence);
        Assert.False(PeerRecord.TryOpen(Envelope.Seal(_key, RecordKind.ReservationVoucher, message.ToByteArray()), out _, out var failure));
        Assert.Equal(DecodeFailure.Mismatch, failure);
    }

    [Fact]
    public void Somebody_elses_addresses_are_refused()
    {
        var message = new PeerRecordMessage { PeerId = ByteString.CopyFrom(_other.PeerId.Bytes.Span), Seq = 7 };
        Assert.False(PeerRecord.TryOpen(Envelope.Seal(_key, RecordKind.PeerRecord, message.ToByteArray()), out _, out var failure));
        Assert.Equal(DecodeFailure.Mismatch, failure);
        Assert.Throws<ArgumentException>(() => new PeerRecord(_other.PeerId, 1, []).Seal(_key));
    }

    [Fact]
    public void Empty_and_unknown_addresses_are_dropped_one_by_one()
    {
        var message = new PeerRecordMessage { PeerId = ByteString.CopyFrom(_key.PeerId.Bytes.Span), Seq = 7 };
        message.Addresses.Add(new AddressInfo());
        message.Addresses.Add(new AddressInfo { Multiaddr = ByteString.Empty });
        message.Addresses.Add(new AddressInfo { Multiaddr = ByteString.CopyFrom(4, 1, 2, 3, 4, 0xff, 0x7f) });
        message.Addresses.Add(new AddressInfo { Multiaddr = ByteString.CopyFrom(4, 1, 2, 3) });
        message.Addresses.Add(new AddressInfo { Multiaddr = ByteString.CopyFrom(Multiaddr.Parse("/ip4/1.2.3.4/tcp/1").ToByteArray()) });
        Assert.True(PeerRecord.TryOpen(Envelope.Seal(_key, RecordKind.PeerRecord, message.ToByteArray()), out var record, out _));
        Assert.Equal(["/ip4/1.2.3.4/tcp/1"], record.Addresses.Select(a => a.ToString()));
    }

    [Fact]
    public void Takes_no_more_than_the_limit_of_addresses()
    {
        var addresses = Enumerable.Range(0, PeerRecord.MaxAddresses + 10).Select(i => Multiaddr.Parse($"/ip4/1.2.3.4/tcp/{i}")).ToArray();
        Assert.True(PeerRecord.TryOpen(new PeerRecord(_key.PeerId, 1, addresses).Seal(_key), out var record, out _));
        Assert.Equal(PeerRecord.MaxAddresses, record.Addresses.Count);
    }

    [Fact]
    public void Bad_payloads_in_good_envelopes_are_refused_with_a_reason()
    {
        Assert.Equal(DecodeFailure.MissingField, Refusal([]));
        Assert.Equal(DecodeFailure.Truncated, Refusal([0x0a, 0xff]));
        Assert.Equal(DecodeFailure.NonMinimal, Refusal([0x10, 0x80, 0x00]));
        Assert.Equal(DecodeFailure.Malformed, Refusal([0x0b, 0x0c]));
        Assert.Equal(DecodeFailure.Truncated, Refusal(new PeerRecordMessage { PeerId = ByteString.CopyFrom(0x12, 0x20, 1) }.ToByteArray()));
    }

    public void Dispose()
    {
        _key.Dispose();
        _other.Dispose();
    }

    private DecodeFailure Refusal(byte[] payload)
    {
        Assert.False(PeerRecord.TryOpen(Envelope.Seal(_key, RecordKind.PeerRecord, payload), out _, out var failure));
        return failure;
    }
}
