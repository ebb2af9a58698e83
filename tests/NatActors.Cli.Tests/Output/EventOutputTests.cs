using NatActors.Cli.Output;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;

namespace NatActors.Cli.Tests.Output;

public sealed class EventOutputTests
{
    private const string Relay = "12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo";
    private const string Peer = "12D3KooWPA6ax6t3jqTyGq73Zm1RmwppYqxaXzrtarfcTWGp5Wzx";
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 13, 4, 5, 6, TimeSpan.FromHours(1));

    public static TheoryData<NodeEvent, string> Table => new()
    {
        {
            new NodeEvents.Listening(Id(Peer), [At($"/ip4/10.0.0.1/tcp/4001/p2p/{Peer}")]),
            $$"""{"event":"listening","time":"2026-01-02T12:04:05.006Z","peerId":"{{Peer}}","addrs":["/ip4/10.0.0.1/tcp/4001/p2p/{{Peer}}"]}"""
        },
        {
            new NodeEvents.Connected(Id(Peer), At($"/ip6/2001:db8::1/tcp/4001/p2p/{Peer}"), ConnectionDirection.Inbound, false, "tcp", true),
            $$"""{"event":"connected","time":"2026-01-02T12:04:05.006Z","peer":"{{Peer}}","addr":"/ip6/2001:db8::1/tcp/4001/p2p/{{Peer}}","direction":"inbound","relayed":false,"transport":"tcp","portReused":true}"""
        },
        {
            new NodeEvents.Disconnected(Id(Peer), At($"/ip4/1.2.3.4/tcp/1/p2p/{Relay}/p2p-circuit/p2p/{Peer}"), true, "it's \"over\""),
            $$"""{"event":"disconnected","time":"2026-01-02T12:04:05.006Z","peer":"{{Peer}}","addr":"/ip4/1.2.3.4/tcp/1/p2p/{{Relay}}/p2p-circuit/p2p/{{Peer}}","relayed":true,"reason":"it's \"over\""}"""
        },
        {
            new NodeEvents.Identified(Id(Peer), "js/1", null, ["/a/1", "/b/1"]),
            $$"""{"event":"identified","time":"2026-01-02T12:04:05.006Z","peer":"{{Peer}}","agent":"js/1","observed":null,"protocols":["/a/1","/b/1"]}"""
        },
        {
            new NodeEvents.Reserved(Id(Relay), Noon.AddHours(1), []),
            $$"""{"event":"reserved","time":"2026-01-02T12:04:05.006Z","relay":"{{Relay}}","expires":"2026-01-02T13:04:05.006Z","addrs":[]}"""
        },
        {
            new NodeEvents.ReservationLost(Id(Relay), "gone"),
            $$"""{"event":"reservation-lost","time":"2026-01-02T12:04:05.006Z","relay":"{{Relay}}","reason":"gone"}"""
        },
        {
            new NodeEvents.PunchStarted(Id(Peer), 2),
            $$"""{"event":"punch-started","time":"2026-01-02T12:04:05.006Z","peer":"{{Peer}}","round":2}"""
        },
        {
            new NodeEvents.PunchEnded(Id(Peer), PunchOutcome.Cancelled, 3, TimeSpan.FromMilliseconds(1234.5), "why"),
            $$"""{"event":"punch-ended","time":"2026-01-02T12:04:05.006Z","peer":"{{Peer}}","outcome":"cancelled","round":3,"ms":1234.5,"reason":"why"}"""
        },
        {
            new NodeEvents.Pinged(Id(Peer), TimeSpan.FromTicks(12345), true),
            $$"""{"event":"ping","time":"2026-01-02T12:04:05.006Z","peer":"{{Peer}}","ms":1.234,"relayed":true}"""
        },
        {
            new NodeEvents.PerfMeasured(Id(Peer), false, 10, TimeSpan.FromMilliseconds(2), 0, TimeSpan.Zero),
            $$"""{"event":"perf-result","time":"2026-01-02T12:04:05.006Z","peer":"{{Peer}}","relayed":false,"uploadBytes":10,"uploadMs":2,"downloadBytes":0,"downloadMs":0}"""
        },
        {
            new NodeEvents.Observed(At("/ip4/20.0.0.7/tcp/4001"), 3, true),
            """{"event":"observed","time":"2026-01-02T12:04:05.006Z","addr":"/ip4/20.0.0.7/tcp/4001","observers":3,"active":true}"""
        },
        {
            new NodeEvents.ReachabilityChanged(Reachability.Public, false, ["a", "b"]),
            """{"event":"reachability","time":"2026-01-02T12:04:05.006Z","verdict":"public","filteringProven":false,"reasons":["a","b"]}"""
        },
        {
            new NodeEvents.AddressConfirmed(At("/ip4/20.0.0.7/tcp/4001"), "dialed"),
            """{"event":"address-confirmed","time":"2026-01-02T12:04:05.006Z","addr":"/ip4/20.0.0.7/tcp/4001","reason":"dialed"}"""
        },
        {
            new NodeEvents.AddressLost(At("/ip4/20.0.0.7/tcp/4001"), "gone"),
            """{"event":"address-lost","time":"2026-01-02T12:04:05.006Z","addr":"/ip4/20.0.0.7/tcp/4001","reason":"gone"}"""
        },
        {
            new NodeEvents.Mapping("pcp", At("/ip4/20.0.0.7/tcp/4001"), TimeSpan.FromHours(2), ""),
            """{"event":"mapping","time":"2026-01-02T12:04:05.006Z","protocol":"pcp","external":"/ip4/20.0.0.7/tcp/4001","lease":7200,"detail":""}"""
        },
        {
            new NodeEvents.Mapping("nat-pmp", At("/ip4/20.0.0.7/tcp/4001"), TimeSpan.Zero, "the router restarted"),
            """{"event":"mapping","time":"2026-01-02T12:04:05.006Z","protocol":"nat-pmp","external":"/ip4/20.0.0.7/tcp/4001","lease":0,"detail":"the router restarted"}"""
        },
        {
            new NodeEvents.Nat(new NatReport
            {
                Family = IpFamily.Ip4,
                Protocol = IpProtocol.Tcp,
                Mapping = NatMapping.AddressAndPortDependent,
                Filtering = NatFiltering.AddressDependent,
                PortPreserved = Known.No,
                Hairpin = Known.Yes,
                PortStep = 2,
                Reasons = ["because"],
            }),
            """{"event":"nat","time":"2026-01-02T12:04:05.006Z","family":"ip4","protocol":"tcp","mapping":"address-and-port-dependent","filtering":"address-dependent","portPreserved":"no","hairpin":"yes","doubleNat":"unknown","portStep":2,"reasons":["because"]}"""
        },
        {
            new NodeEvents.NetworkChanged(["eth0 has a new address"]),
            """{"event":"network-changed","time":"2026-01-02T12:04:05.006Z","what":["eth0 has a new address"]}"""
        },
        { new NodeEvents.Error("what"), """{"event":"error","time":"2026-01-02T12:04:05.006Z","what":"what"}""" },
    };

    [Theory]
    [MemberData(nameof(Table), DisableDiscoveryEnumeration = true)]
    public void Each_event_is_one_json_object_with_the_fields_of_the_table(NodeEvent happened, string expected)
    {
        var output = new StringWriter();
        new JsonOutput(output, TextWriter.Null, TimeProvider.System).OnNext(happened with { Time = Noon });

        Assert.Equal(expected + Environment.NewLine, output.ToString());
    }

    [Theory]
    [MemberData(nameof(Table), DisableDiscoveryEnumeration = true)]
    public void Each_event_has_words_for_people(NodeEvent happened, string json)
    {
        var lines = PlainOutput.Lines(happened).ToList();

        Assert.NotEmpty(lines);
        Assert.DoesNotContain(lines, line => line == happened.Name || json.Contains(line, StringComparison.Ordinal));
    }

    [Fact]
    public void The_brief_form_leaves_out_what_does_not_concern_the_path()
    {
        var output = new StringWriter();
        var plain = new PlainOutput(output, TextWriter.Null, brief: true);
        foreach (var row in Table)
        {
            plain.OnNext((NodeEvent)row[0]);
        }

        Assert.DoesNotContain("listening", output.ToString());
        Assert.DoesNotContain("disconnected", output.ToString());
        Assert.DoesNotContain("NAT for", output.ToString());
        Assert.DoesNotContain("seen at", output.ToString());
        Assert.Contains("pong", output.ToString());
    }

    [Fact]
    public void The_brief_form_leaves_the_reason_of_a_punch_to_the_last_word()
    {
        var output = new StringWriter();
        new PlainOutput(output, TextWriter.Null, brief: true).OnNext(
            new NodeEvents.PunchEnded(Id(Peer), PunchOutcome.Relayed, 3, TimeSpan.FromSeconds(8), "the NAT is symmetric"));

        Assert.Contains("relayed after 8000 ms in round 3", output.ToString());
        Assert.DoesNotContain("symmetric", output.ToString());
    }

    [Fact]
    public void Who_a_peer_is_is_told_once_a_connection_unless_it_says_something_else()
    {
        var output = new StringWriter();
        var plain = new PlainOutput(output, TextWriter.Null);
        var identified = new NodeEvents.Identified(Id(Peer), "js/1", At("/ip4/20.0.0.7/tcp/4001"), ["/a/1"]);
        int Told(NodeEvent happened)
        {
            output.GetStringBuilder().Clear();
            plain.OnNext(happened);
            return output.ToString().Split("is js/1").Length - 1;
        }

        Assert.Equal(1, Told(identified));
        Assert.Equal(0, Told(identified with { Protocols = ["/a/1", "/b/1"] }));
        Assert.Equal(1, Told(identified with { Observed = At("/ip4/20.0.0.7/tcp/4002") }));
        plain.OnNext(new NodeEvents.Disconnected(Id(Peer), At("/ip4/20.0.0.9/tcp/4001"), false, "over"));
        Assert.Equal(1, Told(identified));
    }

    [Fact]
    public void A_person_is_not_told_that_nothing_is_known_of_a_nat() =>
        Assert.Empty(PlainOutput.Lines(new NodeEvents.Nat(new NatReport { Family = IpFamily.Ip4, Protocol = IpProtocol.Tcp })));

    [Fact]
    public void Errors_go_to_standard_error()
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        new PlainOutput(output, errors).OnNext(new NodeEvents.Error("it broke"));

        Assert.Empty(output.ToString());
        Assert.Equal("it broke", errors.ToString().TrimEnd());
    }

    private static PeerId Id(string text) => Multiaddr.Parse($"/p2p/{text}").PeerId!;

    private static Multiaddr At(string text) => Multiaddr.Parse(text);
}
