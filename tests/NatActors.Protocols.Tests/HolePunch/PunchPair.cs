using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.HolePunch;

namespace NatActors.Protocols.Tests.HolePunch;

/// <summary>Two peers with a relayed connection, each behind a border, at 20 ms each way everywhere, as in the laboratory.</summary>
internal sealed class PunchPair
{
    public static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(20);
    public static readonly TimeSpan RelayOneWay = TimeSpan.FromMilliseconds(40);

    private static readonly IPEndPoint RelayEndPoint = new(IPAddress.Parse("192.0.1.200"), 4001);

    public PunchPair(NatKind a, NatKind b, bool reset = false, bool identify = true)
    {
        Network = new SimulatedNetwork(OneWay);
        var hostA = Host(a, "11.0.0.1", 20_000, reset);
        var hostB = Host(b, "12.0.0.1", 30_000, reset);
        OwnA = Addresses(hostA, "10.1.0.2");
        OwnB = Addresses(hostB, "10.2.0.2");
        A = new PunchSide(Network, hostA, new PunchResponder(new PunchOptions(), OwnA, Network.Now));
        B = new PunchSide(Network, hostB, new PunchInitiator(new PunchOptions(), OwnB, Network.Now));
        Relay = new Relay(Network, RelayOneWay) { A = A, B = B };
        (A.Relay, B.Relay, A.Other, B.Other) = (Relay, Relay, B, A);
        if (identify)
        {
            Network.At(2 * RelayOneWay, () => B.Apply(B.Attempt.OnPeerIdentified("other", OwnA.Listening, Network.Now)));
            Network.At(2 * RelayOneWay, () => A.Apply(A.Attempt.OnPeerIdentified("other", OwnB.Listening, Network.Now)));
        }
    }

    public SimulatedNetwork Network { get; }

    public PunchSide A { get; }

    public PunchSide B { get; }

    public Relay Relay { get; }

    public OwnAddresses OwnA { get; }

    public OwnAddresses OwnB { get; }

    public TimeSpan StartedAt { get; private set; }

    public bool IsDirect => A.Ended?.End == PunchEnd.Direct && B.Ended?.End == PunchEnd.Direct;

    public void Run(TimeSpan? limit = null)
    {
        Begin();
        Network.RunUntil(() => A.Ended is not null && B.Ended is not null, limit ?? TimeSpan.FromSeconds(60));
    }

    public void Begin()
    {
        StartedAt = Network.Now;
        B.Apply(((PunchInitiator)B.Attempt).Start(Network.Now));
    }

    private SimulatedHost Host(NatKind kind, string outside, int firstPort, bool reset)
    {
        var host = new SimulatedHost(new SimulatedNat(kind, IPAddress.Parse(outside), firstPort), reset);
        Network.Add(host);
        return host;
    }

    private static OwnAddresses Addresses(SimulatedHost host, string inside)
    {
        var seen = Multiaddr.FromTcp(host.Nat.Leave(SimulatedHost.ListenPort, RelayEndPoint));
        var listening = host.Nat.HostIsPublic ? $"/ip4/{host.Nat.Outside}/tcp/4001" : $"/ip4/{inside}/tcp/4001";
        return new OwnAddresses { Observed = [seen], Listening = [Multiaddr.Parse(listening)] };
    }
}
