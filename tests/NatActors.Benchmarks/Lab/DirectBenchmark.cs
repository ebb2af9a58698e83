using NatActors.Benchmarks.Peers;
using NatActors.Benchmarks.Suite;
using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Connections;

namespace NatActors.Benchmarks.Lab;

/// <summary>
/// From relayed to direct in the kernel laboratory, 40 ms between any two hosts: A dials B over the relay R, and both punch. Measured from
/// the moment that both have the relayed connection to the moment that both have the direct one, by the times of their events.
/// </summary>
internal sealed class DirectBenchmark : IBenchmark
{
    /// <summary>The goal: at most this times one and a half round trips over the relay and three direct ones (CONNECT, CONNECT, SYNC; TCP, Noise).</summary>
    private const double RatioGoal = 1.3;

    private const double RelayedRoundTrips = 1.5;
    private const double DirectRoundTrips = 3;
    private const int Pings = 5;

    /// <summary>What go-libp2p takes with two restricted sides, milliseconds; it holds its punch back until identify and a poll.</summary>
    private const double GoRestricted = 5400;

    private static readonly (RouterKind A, RouterKind B)[] Pairs =
    [
        (RouterType.PortRestricted, RouterType.PortRestricted),
        (new(RouterType.PortRestricted, RouterModifiers.Rst), new(RouterType.PortRestricted, RouterModifiers.Rst)),
        (RouterType.AddrRestricted, RouterType.PortRestricted),
        (RouterType.Cgnat, RouterType.PortRestricted),
        (RouterType.Symmetric, RouterType.AddrRestricted),
        (RouterType.AddrRestricted, RouterType.Symmetric),
        (RouterType.None, RouterType.PortRestricted),
        (RouterType.PortRestricted, RouterType.None),
    ];

    public string Verb => "direct";

    public string Summary => "from relayed to direct through NAT routers of the kernel laboratory, 40 ms round trip";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchRun run)
    {
        var ability = LabAbility.Check();
        if (ability is not { IsReady: true, HasPathDelay: true })
        {
            return [Figure.NotMeasured("direct", "from relayed to direct", "ms", $"No laboratory here: {ability.Reason}; {ability.Remedy}")];
        }

        await using var lab = Laboratory.Create();
        await using var relay = await LabPeer.StartAsync(lab.Host("R"), BenchNode.LabPort, new Stamps(), new BenchNodeOptions { Relays = true });
        var port = BenchNode.LabPort;
        List<Figure> figures = [];
        foreach (var (a, b) in run.Quick ? Pairs[..2] : Pairs)
        {
            run.Say($"{a} x {b}");
            List<Punch> punches = [];
            foreach (var round in run.Rounds())
            {
                // A port of its own for each round: nothing that an earlier one left in a router meets a later one.
                port++;
                lab.Router("NA").SetKind(a with { ForwardedPort = port });
                lab.Router("NB").SetKind(b with { ForwardedPort = port });
                var punch = await MeasureAsync(lab, relay.Address, port);
                if (!round.IsWarmUp)
                {
                    punches.Add(punch);
                }
            }

            figures.Add(FigureOf(a, b, punches));
        }

        return figures;
    }

    private static async Task<Punch> MeasureAsync(Laboratory lab, Multiaddr relay, int port)
    {
        var stampsA = new Stamps();
        await using var b = await LabPeer.StartAsync(lab.Host("B"), port, new Stamps(), new BenchNodeOptions { ReservesAt = relay });
        await using var a = await LabPeer.StartAsync(lab.Host("A"), port, stampsA, new BenchNodeOptions());
        var relayedB = b.Events.Next<NodeEvents.Connected>(e => e.Relayed && e.Peer.Equals(a.Node.PeerId));
        var begun = b.Events.Next<NodeEvents.PunchStarted>();
        var relayedA = a.Events.Next<NodeEvents.Connected>(e => e.Relayed && e.Peer.Equals(b.Node.PeerId));
        var directA = a.Events.Next<NodeEvents.Connected>(e => !e.Relayed && e.Peer.Equals(b.Node.PeerId));
        var directB = b.Events.Next<NodeEvents.Connected>(e => !e.Relayed && e.Peer.Equals(a.Node.PeerId));
        var dialing = a.Node.DialAsync(relay.Append("/p2p-circuit").WithPeerId(b.Node.PeerId));
        await Task.WhenAll(dialing, relayedA, relayedB, begun, directA, directB).WaitAsync(BenchNode.Guard);
        var direct = directA.Result;
        return new Punch
        {
            RelayedA = relayedA.Result.Time,
            RelayedB = relayedB.Result.Time,
            Connect = begun.Result.Time,
            Tcp = stampsA.Last(Stamps.Step.TcpUp, direct.Address.WithoutPeerId(), direct.Time),
            Noise = stampsA.Last(Stamps.Step.NoiseBegan, direct.Address.WithoutPeerId(), direct.Time),
            DirectA = direct.Time,
            DirectB = directB.Result.Time,
            RelayRoundTrip = await RoundTripAsync(a, relay.PeerId!) + await RoundTripAsync(b, relay.PeerId!),
            DirectRoundTrip = await RoundTripAsync(a, b.Node.PeerId),
        };
    }

    private static async Task<double> RoundTripAsync(BenchNode node, PeerId peer)
    {
        var times = new Series();
        for (var i = 0; i < Pings; i++)
        {
            times.Add((await node.Node.PingAsync(peer)).TotalMilliseconds);
        }

        return times.Median;
    }

    private static Figure FigureOf(RouterKind a, RouterKind b, IReadOnlyList<Punch> punches)
    {
        var floor = new Series(punches.Select(p => (RelayedRoundTrips * p.RelayRoundTrip) + (DirectRoundTrips * p.DirectRoundTrip)));
        var restricted = a.Type is RouterType.PortRestricted && b.Type is RouterType.PortRestricted;
        return new Figure($"direct.{a}.{b}", $"{a} x {b}", "ms", new Series(punches.Select(p => p.Total)))
        {
            Goal = Goal.RatioAtMost(RatioGoal),
            Beside =
            [
                Yardstick.Of("1.5 relay + 3 RTT", floor),
                .. restricted ? [Yardstick.Elsewhere("go-libp2p", GoRestricted)] : (Yardstick[])[],
            ],
            Note = Phases(punches),
        };
    }

    private static string Phases(IReadOnlyList<Punch> punches)
    {
        double Median(Func<Punch, double> of) => new Series(punches.Select(of).Where(value => !double.IsNaN(value))).Median;
        string Number(Func<Punch, double> of) => Format.Number(Math.Round(Median(of)));
        return $"relay RTT {Number(p => p.RelayRoundTrip)}, direct {Number(p => p.DirectRoundTrip)} ms;"
            + $" A relayed {Number(p => -p.HeadStart)} ms before B; from B relayed: CONNECT sent after {Number(p => p.ToConnect)},"
            + $" exchange, SYNC and TCP at A {Number(p => p.ToTcp)}, multistream {Number(p => p.ToNoise)}, Noise to direct at A"
            + $" {Number(p => p.ToDirectA)}, direct at B {Number(p => p.ToDirectB)} ms later.";
    }

    /// <summary>One of them, by the clock that all nodes of the process share.</summary>
    private sealed record Punch
    {
        public required DateTimeOffset RelayedA { get; init; }

        public required DateTimeOffset RelayedB { get; init; }

        /// <summary>B has sent the first CONNECT.</summary>
        public required DateTimeOffset Connect { get; init; }

        /// <summary>A has the TCP connection, null where it is not known.</summary>
        public required DateTimeOffset? Tcp { get; init; }

        /// <summary>A has begun the Noise handshake.</summary>
        public required DateTimeOffset? Noise { get; init; }

        public required DateTimeOffset DirectA { get; init; }

        public required DateTimeOffset DirectB { get; init; }

        /// <summary>Of both legs, milliseconds.</summary>
        public required double RelayRoundTrip { get; init; }

        public required double DirectRoundTrip { get; init; }

        public double Total => Between(Later(RelayedA, RelayedB), Later(DirectA, DirectB));

        public double HeadStart => Between(RelayedB, RelayedA);

        public double ToConnect => Between(RelayedB, Connect);

        public double ToTcp => Between(Connect, Tcp);

        public double ToNoise => Between(Tcp, Noise);

        public double ToDirectA => Between(Noise, DirectA);

        public double ToDirectB => Between(DirectA, DirectB);

        private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

        private static double Between(DateTimeOffset? from, DateTimeOffset? to) => (to - from)?.TotalMilliseconds ?? double.NaN;
    }
}
