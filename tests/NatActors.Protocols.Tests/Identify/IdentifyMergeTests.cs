using NatActors.Multiformats;
using NatActors.Protocols.Identify;
using NatActors.Protocols.Records;
using NatActors.Protocols.Tests.Connections;
using static NatActors.Protocols.Tests.Connections.Peers;

namespace NatActors.Protocols.Tests.Identify;

public sealed class IdentifyMergeTests
{
    private static readonly PrivateKey Key = PrivateKey.GenerateEd25519(new CountingRandom());
    private static readonly Multiaddr One = Address("/ip4/192.0.1.1/tcp/1");
    private static readonly Multiaddr Two = Address("/ip4/192.0.1.1/tcp/2");
    private static readonly Multiaddr Inner = Address("/ip4/10.0.0.1/tcp/1");
    private static readonly Multiaddr Own = Address("/ip4/127.0.0.1/tcp/1");
    private static readonly IdentifyConnection Public = new(Key.PeerId, Key.PublicKey, One, Relayed: false);

    [Fact]
    public void Addresses_of_a_good_record_count_before_the_unsigned_ones()
    {
        var outcome = IdentifyMerge.Answer(null, Update([Two], Record(7, One)), Public);

        Assert.Equal(RecordVerdict.Accepted, outcome.Record);
        Assert.Equal([One], outcome.Info!.ListenAddresses);
        Assert.True(outcome.Info.AddressesSigned);
        Assert.Equal(7UL, outcome.Info.RecordSequence);
    }

    [Fact]
    public void A_record_that_another_peer_signed_is_left_aside()
    {
        var random = new CountingRandom();
        random.Fill(new byte[7]);
        var other = PrivateKey.GenerateEd25519(random);
        var foreign = new PeerRecord(other.PeerId, 7, [One]).Seal(other);

        var outcome = IdentifyMerge.Answer(null, Update([Two], foreign), Public);

        Assert.Equal(RecordVerdict.Invalid, outcome.Record);
        Assert.Equal([Two], outcome.Info!.ListenAddresses);
        Assert.False(outcome.Info.AddressesSigned);
        Assert.Null(outcome.Info.RecordSequence);
    }

    [Fact]
    public void A_record_with_any_byte_changed_is_not_accepted()
    {
        var good = Record(7, One);
        for (var i = 0; i < good.Length; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= 0x01;

            Assert.Equal(RecordVerdict.Invalid, IdentifyMerge.Answer(null, Update([Two], bad), Public).Record);
        }
    }

    [Fact]
    public void An_older_record_changes_nothing_and_the_same_one_may_come_again()
    {
        var known = IdentifyMerge.Answer(null, Update([], Record(7, One)), Public).Info;

        var older = IdentifyMerge.Answer(known, Update([Two], Record(6, Two)), Public);
        var same = IdentifyMerge.Answer(known, Update([Two], Record(7, One)), Public);
        var newer = IdentifyMerge.Push(known, Update([], Record(8, Two)), Public);

        Assert.Equal((RecordVerdict.Stale, 7UL), (older.Record, older.Info!.RecordSequence!.Value));
        Assert.Equal([One], older.Info.ListenAddresses);
        Assert.Equal((RecordVerdict.Accepted, 7UL), (same.Record, same.Info!.RecordSequence!.Value));
        Assert.Equal((RecordVerdict.Accepted, 8UL), (newer.Record, newer.Info!.RecordSequence!.Value));
        Assert.Equal([Two], newer.Info.ListenAddresses);
    }

    [Fact]
    public void In_a_push_what_is_absent_stays_and_in_an_answer_it_goes()
    {
        var known = IdentifyMerge.Answer(
            null,
            new IdentifyUpdate { AgentVersion = "agent", Protocols = ["/a"], ListenAddresses = [One], ObservedAddress = Two },
            Public).Info!;
        var update = new IdentifyUpdate { Protocols = ["/b"] };

        var pushed = IdentifyMerge.Push(known, update, Public).Info!;
        Assert.Equal(("agent", Two), (pushed.AgentVersion, pushed.ObservedAddress));
        Assert.Equal([One], pushed.ListenAddresses);
        Assert.Equal(["/b"], pushed.Protocols);

        var answered = IdentifyMerge.Answer(known, update, Public).Info!;
        Assert.Equal(("", null), (answered.AgentVersion, answered.ObservedAddress));
        Assert.Empty(answered.ListenAddresses);
    }

    [Theory]
    [InlineData(true, IdentifyFailure.None)]
    [InlineData(false, IdentifyFailure.WrongKey)]
    public void The_public_key_must_be_the_connections(bool right, IdentifyFailure expected)
    {
        var bytes = Key.PublicKey.ToProtobuf();
        bytes[^1] ^= right ? (byte)0 : (byte)1;

        var outcome = IdentifyMerge.Answer(null, new IdentifyUpdate { PublicKey = bytes }, Public);

        Assert.Equal(expected, outcome.Failure);
        Assert.Equal(right, outcome.Info is not null);
    }

    [Fact]
    public void An_observed_address_over_a_relay_is_not_taken()
    {
        var update = new IdentifyUpdate { ObservedAddress = Two };

        Assert.Null(IdentifyMerge.Answer(null, update, Public with { Relayed = true }).Info!.ObservedAddress);
        Assert.Equal(Two, IdentifyMerge.Answer(null, update, Public).Info!.ObservedAddress);
        Assert.Null(IdentifyMerge.Answer(
            null,
            new IdentifyUpdate { ObservedAddress = Address($"/ip4/192.0.1.1/tcp/1/p2p/{Numbered(1)}/p2p-circuit") },
            Public).Info!.ObservedAddress);
    }

    [Theory]
    [InlineData("/ip4/192.0.1.9/tcp/9", PeerScope.Public, 1)]
    [InlineData("/ip4/10.9.9.9/tcp/9", PeerScope.Lan, 2)]
    [InlineData("/ip4/100.64.0.1/tcp/9", PeerScope.Lan, 2)]
    [InlineData("/ip4/203.0.113.1/tcp/9", PeerScope.Lan, 2)]
    [InlineData("/ip4/127.0.0.1/tcp/9", PeerScope.Loopback, 3)]
    public void Addresses_are_filtered_by_the_place_of_the_peer(string remote, PeerScope scope, int left)
    {
        var connection = Public with { RemoteAddress = Address(remote) };
        Multiaddr[] all = [One, Inner, Own, Address("/ip4/0.0.0.0/tcp/1")];

        Assert.Equal(scope, IdentifyScope.Of(connection.RemoteAddress));
        Assert.Equal(all.Take(left), IdentifyScope.Filter(all, scope));
        Assert.Equal(all.Take(left), IdentifyMerge.Answer(null, Update(all, null), connection).Info!.ListenAddresses);
        Assert.Equal(all.Take(left), IdentifyMerge.Answer(null, Update([], Record(1, all)), connection).Info!.ListenAddresses);
    }

    [Fact]
    public void Over_a_relay_the_place_is_the_relays_and_relayed_addresses_count_by_theirs()
    {
        var publicRelay = Address($"/ip4/192.0.1.9/tcp/9/p2p/{Numbered(9)}/p2p-circuit");
        var innerRelay = Address($"/ip4/10.0.0.9/tcp/9/p2p/{Numbered(9)}/p2p-circuit");

        Assert.Equal(PeerScope.Public, IdentifyScope.Of(publicRelay));
        Assert.Equal(PeerScope.Lan, IdentifyScope.Of(innerRelay));
        Assert.Equal([publicRelay], IdentifyScope.Filter([publicRelay, innerRelay], PeerScope.Public));
    }

    private static IdentifyUpdate Update(IReadOnlyList<Multiaddr> addresses, byte[]? record) => new()
    {
        ListenAddresses = addresses.Count == 0 ? null : addresses,
        SignedPeerRecord = record is null ? null : record,
    };

    private static byte[] Record(ulong sequence, params Multiaddr[] addresses) => new PeerRecord(Key.PeerId, sequence, addresses).Seal(Key);
}
