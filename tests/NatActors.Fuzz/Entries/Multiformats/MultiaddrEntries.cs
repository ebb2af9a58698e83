using System.Net;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;

namespace NatActors.Fuzz.Entries.Multiformats;

/// <summary>What every address has to be good for, however it was come by.</summary>
internal static class MultiaddrChecks
{
    public static FuzzOutcome Check(Multiaddr address)
    {
        Require.That(Multiaddr.TryDecode(address.Bytes.Span, out var again) && again == address, "an address is another one by its bytes");
        Require.That(Multiaddr.TryParse(address.ToString(), out again) && again == address, "an address is another one by its text");
        var digest = default(FuzzDigest);
        digest.Add(address.Bytes.Span);
        digest.Add(address.ToString());
        digest.Add(address.IsRelayed);
        digest.Add(address.IsTcp);
        digest.Add(address.IsQuic);
        digest.Add(address.UsesDns);
        digest.Add(address.PeerId?.ToString());
        digest.Add(address.Host?.ToString());
        digest.Add((int?)AddressScope.KindOf(address) ?? -1);
        Scopes(address);
        if (address.TryGetTcpEndPoint(out var endPoint))
        {
            Require.That(Multiaddr.FromTcp(endPoint).TryGetTcpEndPoint(out var same) && Unmapped(same) == Unmapped(endPoint),
                "an end point is another one by its address");
        }

        if (address.TrySplitCircuit(out var relay, out var relayPeer, out var target))
        {
            Require.That(relay.PeerId == relayPeer && !relay.IsRelayed, "the relay of a circuit is not its relay");
            digest.Add(target?.ToString());
        }

        Require.That(address.WithoutPeerId() is { } bare
            && (bare.Components.Count == 1 || bare.Components[^1].Protocol != MultiaddrProtocol.P2p), "a peer id stays");
        return FuzzOutcome.Taken(digest);
    }

    private static void Scopes(Multiaddr address) =>
        Require.That(!(AddressScope.IsPublic(address) && (AddressScope.IsPrivate(address) || AddressScope.IsLoopback(address))),
            "public and private at once");

    private static string Unmapped(IPEndPoint endPoint) =>
        (endPoint.Address.IsIPv4MappedToIPv6 ? endPoint.Address.MapToIPv4() : endPoint.Address) + " " + endPoint.Port;
}

/// <summary>Addresses in bytes, as peers send them.</summary>
public sealed class MultiaddrBinaryEntry : FuzzEntry
{
    public override string Name => "multiformats.multiaddr.binary";

    public override InputShape Shape => InputShape.Bytes;

    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 1024, AllocatedConstant: 8 * 1024, StepsPerByte: 400, StepsConstant: 16 * 1024);

    public override int Cost => 60;

    public override int MaxLength => 1200;

    public override IReadOnlyList<byte[]> Words { get; } = [.. Enumerable.Range(0, 3).SelectMany(_ => FuzzKeys.AddressBytes)];

    public override IEnumerable<byte[]> Seeds() => FuzzKeys.AddressBytes;

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        if (!Multiaddr.TryDecode(input, out var address, out var failure))
        {
            return FuzzOutcome.Refused(failure);
        }

        Require.Same(input, address.Bytes.Span, "an address has other bytes than it was read from");
        if (Multiaddr.TryDecodeForeign(input, out var foreign))
        {
            // What we do with addresses of others: name the peer, go on behind a relay.
            var named = foreign.WithPeerId(FuzzKeys.Peers[3]);
            Require.That(named.PeerId == FuzzKeys.Peers[3], "a named address does not name its peer");
            Require.That(named.Append("/p2p-circuit").WithPeerId(FuzzKeys.Peers[0]).IsRelayed, "a relayed address is not relayed");
        }

        return MultiaddrChecks.Check(address);
    }
}

/// <summary>Addresses in text, as people and DNS write them.</summary>
public sealed class MultiaddrTextEntry : FuzzEntry
{
    public override string Name => "multiformats.multiaddr.text";

    public override InputShape Shape => InputShape.Text;

    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 512, AllocatedConstant: 16 * 1024, StepsPerByte: 300, StepsConstant: 4 * 1024);

    public override int Cost => 20;

    public override int MaxLength => 4400;

    public override IReadOnlyList<byte[]> Words { get; } =
        [.. FuzzKeys.Addresses.SelectMany(text => text.Split('/')).Distinct().Select(word => FuzzKeys.Text("/" + word))];

    public override IEnumerable<byte[]> Seeds() => FuzzKeys.Addresses.Select(FuzzKeys.Text);

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        if (!Multiaddr.TryParse(FuzzText.Of(input), out var address, out var error))
        {
            Require.That(error.Length is > 0 and < 2000 && !error.Any(char.IsControl), "an error is no line for a person");
            return new FuzzOutcome(false, 0);
        }

        return MultiaddrChecks.Check(address);
    }
}

/// <summary>IPv6 addresses in text.</summary>
public sealed class Ip6TextEntry : FuzzEntry
{
    public override string Name => "multiformats.ip6.text";

    public override InputShape Shape => InputShape.Text;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 8, AllocatedConstant: 1024, StepsPerByte: 16, StepsConstant: 512);

    public override int Cost => 3;

    public override int MaxLength => 80;

    public override IEnumerable<byte[]> Seeds() =>
        new[] { "::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1", "fe80::1:0:0:1", "1:0:0:2:0:0:0:3",
        "::1.2.3.4" }.Select(FuzzKeys.Text);

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        if (Ip6Text.Parse(FuzzText.Of(input)) is not { } address)
        {
            return new FuzzOutcome(false, 0);
        }

        var text = Ip6Text.Format(address);
        Require.That(Ip6Text.Parse(text) is { } again && again.AsSpan().SequenceEqual(address),
            "an IPv6 address is another one by its own text");
        var digest = default(FuzzDigest);
        digest.Add(text);
        return FuzzOutcome.Taken(digest);
    }
}

/// <summary>IPv6 and IPv4 addresses in bytes: their text, and what kind they are of.</summary>
public sealed class IpBytesEntry : FuzzEntry
{
    private const int Ip6Length = 16;

    public override string Name => "multiformats.ip.bytes";

    public override InputShape Shape => InputShape.Bytes;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 0, AllocatedConstant: 2 * 1024, StepsPerByte: 0, StepsConstant: 1024);

    public override int Cost => 20;

    public override int MaxLength => Ip6Length;

    public override IEnumerable<byte[]> Seeds() =>
        new[] { "::1", "fe80::1", "64:ff9b::1.2.3.4", "2002:102:304::", "100::1", "ff02::1",
        "::ffff:10.0.0.1" }.Select(text => IPAddress.Parse(text).GetAddressBytes());

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        Span<byte> raw = stackalloc byte[Ip6Length];
        raw.Clear();
        input.CopyTo(raw);
        var text = Ip6Text.Format(raw);
        Require.Same(raw, Ip6Text.Parse(text), "an IPv6 address is another one by its text");
        var digest = default(FuzzDigest);
        digest.Add(text);
        digest.Add((int)AddressScope.KindOf(new IPAddress(raw)));
        digest.Add((int)AddressScope.KindOf(new IPAddress(raw[..4])));
        digest.Add(AddressScope.IsNat64(new IPAddress(raw)));
        return FuzzOutcome.Taken(digest);
    }
}

/// <summary>What error lines show of what somebody wrote.</summary>
public sealed class QuotedTextEntry : FuzzEntry
{
    public override string Name => "multiformats.quotedtext";

    public override InputShape Shape => InputShape.Text;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 4, AllocatedConstant: 4 * 1024, StepsPerByte: 0, StepsConstant: 1024);

    public override int Cost => 3;

    public override IEnumerable<byte[]> Seeds() =>
        [FuzzKeys.Text("/ip4/1.2.3.4"), FuzzKeys.Text("a\r\nb\u0000c\u001b[31m"), FuzzKeys.Text(new string('x', 200))];

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var shown = QuotedText.Of(FuzzText.Of(input));
        Require.That(shown.Length <= 130 && !shown.Any(char.IsControl), "a quoted text is long or holds control characters");
        var digest = default(FuzzDigest);
        digest.Add(shown);
        return FuzzOutcome.Taken(digest);
    }
}
