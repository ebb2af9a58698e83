using System.Text.Json;
using NatActors.Cli.Output;
using NatActors.Hosting.Reports;

namespace NatActors.Cli.Tests.Output;

/// <summary>What <c>doctor</c> and <c>status</c> print of reports that never change.</summary>
public sealed class ReportOutputTests
{
    private const string Alone = """
        CAN OTHERS REACH THIS NODE?
          Not known yet (unknown).
          Nobody was asked: name a peer or two that anybody can reach, each ending in
          its peer id, for example --bootstrap /ip4/203.0.113.7/tcp/4001/p2p/12D3KooW...
          (any libp2p peer will do; a relay is best).

        WHAT TO DO
          * This node listens on loopback only, so no other machine can dial it: listen
            on all interfaces.
          * These parts of the node did not answer in time, so what they know is
            missing: port mapping. Ask again; if it stays so, look at the log.

        THIS NODE
          peer id       12D3KooWB2PU6r74zvX1cuD3uhtw8Qb4SQCayr3cJaSvwzTUzSo7
          program       natactors/1
          listens on    /ip4/127.0.0.1/tcp/4001

        NETWORK OF THIS MACHINE
          router        none is known: this machine has no way out of its own network

        WHAT OTHER PEERS SEE (the address that this node's connections come from)
          Nobody has told yet.

        NAT (how the router translates between this network and the outside)
          Not known: that takes the word of several peers.

        PORT FORWARDING (the router lets others in at a port, when asked)
          Not known.

        ADDRESSES (whether strangers can connect to each)
          None that a stranger could try is known.

        RELAYS (peers that pass connections on to this node)
          None is used.

        CONNECTIONS (none)

        """;

    private const string BehindNat = """
        CAN OTHERS REACH THIS NODE?
          Yes, but not directly (private): others come by way of a relay, and where both
          routers allow it such connections then become direct ones.
          * all addresses that were tested cannot be dialed

        WHAT TO DO
          * The connection with …NaBEVmwJ stays on its relay: the peer's router takes
            another port for each contact.

        THIS NODE
          peer id       12D3KooWB2PU6r74zvX1cuD3uhtw8Qb4SQCayr3cJaSvwzTUzSo7
          program       natactors/1
          listens on    /ip4/192.168.1.20/tcp/4001
                        /ip6/fe80::1/tcp/4001

        NETWORK OF THIS MACHINE
          eth0          192.168.1.20
                        fe80::1
          router        192.168.1.1 (by eth0)
          keep-alive    TCP mappings live for 5 min at least; they are refreshed every 2
                        min

        WHAT OTHER PEERS SEE (the address that this node's connections come from)
          …L7CJgePL     sees /ip4/20.0.0.7/tcp/4001, from /ip4/30.0.0.9/tcp/4001
          …NaBEVmwJ     sees /ip4/20.0.0.7/tcp/50001, from /ip4/40.0.0.9/tcp/4001: the
                        connection left from another port

        NAT (how the router translates between this network and the outside)
          IPv4 TCP      mapping: endpoint-independent: the same outside port whoever is
                        contacted, so hole punching works
                        filtering: address-and-port-dependent: only the very port that
                        this node contacted is let in
                        - the outside port is the inside one
                        - machines behind the same router do not reach each other by its
                          outside address (no hairpin)
                        - 2 peers at different addresses see the same port

        PORT FORWARDING (the router lets others in at a port, when asked)
          NAT-PMP       answers at 192.168.1.1 (miniupnpd), says that its outside
                        address is 100.64.0.3: its outside address is a carrier's
          forwards      /ip4/100.64.0.3/tcp/4001 to /ip4/192.168.1.20/tcp/4001 for 2 h
                        (NAT-PMP)

        ADDRESSES (whether strangers can connect to each)
          no            /ip4/20.0.0.7/tcp/4001, for 3 min now
                        - 3 servers could not dial it
                        - 12 s ago, …L7CJgePL, …NaBEVmwJ: could not dial it
                        - 2 h ago it became public: a peer came in
          asks          …L7CJgePL (AutoNAT v2)

        RELAYS (peers that pass connections on to this node)
          …L7CJgePL     /ip4/30.0.0.9/tcp/4001, found by itself, 42 ms away
                        holds a slot for 59 min more; a connection through it may carry
                        128 KiB each way and last 2 min
          not used      …NaBEVmwJ offers no relay

        CONNECTIONS (2, 1 of them by way of a relay)
          relayed       …NaBEVmwJ from /ip4/30.0.0.9/tcp/4001/p2p/…L7CJgePL/p2p-circuit,
                        95 ms
                        the relay lets it send 100 KiB, receive 90 KiB, last 70 s more
                        not direct: the peer's router takes another port for each
                        contact
          direct        …L7CJgePL to /ip4/30.0.0.9/tcp/4001, 4.3 ms

        LAST HOLE PUNCHES (attempts to turn relayed connections into direct ones)
          …NaBEVmwJ     5 min ago: relayed after 7200 ms in round 3: the peer's router
                        takes another port for each contact
          …L7CJgePL     3 days ago: direct after 83 ms in round 1

        """;

    [Fact]
    public void A_node_that_knows_nobody_is_told_what_to_type() =>
        Assert.Equal(Alone, ReportText.Of(ReportDocuments.Of(FixedReports.Alone)), ignoreLineEndingDifferences: true);

    [Fact]
    public void A_node_behind_a_router_reads_the_answer_first_then_what_to_do_then_all_it_stands_on() =>
        Assert.Equal(BehindNat, ReportText.Of(ReportDocuments.Of(FixedReports.BehindNat)), ignoreLineEndingDifferences: true);

    [Fact]
    public void Before_the_verdict_a_relay_counts_already()
    {
        var report = ReportDocuments.Of(FixedReports.BehindNat);

        var text = ReportText.Of(report with { Reachability = report.Reachability with { Verdict = "unknown" } });

        Assert.StartsWith("By way of a relay, yes; whether directly is not known yet", text.Split(Environment.NewLine)[1].Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public void No_line_is_wider_than_a_terminal() => Assert.All(
        ReportText.Of(ReportDocuments.Of(FixedReports.BehindNat)).Split(Environment.NewLine), line => Assert.InRange(line.Length, 0, 80));

    [Fact]
    public void Json_is_one_object_on_one_line_with_stable_names()
    {
        var output = new StringWriter();
        ReportOutput.Write("doctor", ReportDocuments.Of(FixedReports.BehindNat), json: true, output);

        var line = output.ToString();
        Assert.Equal(line.Length - Environment.NewLine.Length, line.IndexOf(Environment.NewLine, StringComparison.Ordinal));
        var report = JsonDocument.Parse(line).RootElement;
        Assert.Equal(
            [
                "event", "time", "peerId", "agent", "temporary", "listening", "interfaces", "gateways", "keepAlive", "bootstrap", "witnesses", "nat",
                "portMapping", "reachability", "autoNatServers", "relays", "relayCandidates", "connectionCount", "relayedCount", "connections",
                "resources", "punches", "advice", "errors", "unanswered",
            ],
            report.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("doctor", "2026-01-02T12:00:00.000Z"), (report.GetProperty("event").GetString(), report.GetProperty("time").GetString()));
        var address = report.GetProperty("reachability").GetProperty("addresses")[0];
        Assert.Equal(
            ["address", "verdict", "filteringProven", "reasons", "witnesses", "history"], address.EnumerateObject().Select(p => p.Name));
        Assert.Equal("not-reached", address.GetProperty("witnesses")[0].GetProperty("outcome").GetString());
        Assert.Equal(41.6, report.GetProperty("relays")[0].GetProperty("latencyMs").GetDouble());
        Assert.Equal(3540, report.GetProperty("relays")[0].GetProperty("secondsLeft").GetDouble());
        Assert.Equal("stays-relayed", report.GetProperty("advice")[0].GetProperty("topic").GetString());
    }

    [Fact]
    public void What_the_control_socket_carries_reads_the_same()
    {
        var document = ReportDocuments.Of(FixedReports.BehindNat);
        var carried = JsonSerializer.Deserialize<ReportDocument>(JsonSerializer.Serialize(document, ReportDocuments.Json), ReportDocuments.Json)!;

        Assert.Equal(ReportText.Of(document), ReportText.Of(carried));
    }
}
