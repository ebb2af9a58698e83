using Akka.Actor;
using Akka.Event;
using NatActors.Node.Addresses;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.HolePunch;
using NatActors.Node.Identify;
using NatActors.Node.KeepAlive;
using NatActors.Node.Naming;
using NatActors.Node.Network;
using NatActors.Node.Ping;
using NatActors.Node.Port;
using NatActors.Node.PortMapping;
using NatActors.Node.Relay;
using NatActors.Protocols.Resources;

namespace NatActors.Node;

/// <summary>The services of a node, in the order in which they need each other.</summary>
internal sealed partial class NodeActor
{
    private void StartServices()
    {
        Refs.Network = Child(typeof(NetworkActor), "network");
        Refs.Connections = Child(typeof(ConnectionsActor), Connections);
        Refs.Resolver = Child(typeof(ResolverActor), "resolver");
        Refs.Addresses = Child(typeof(AddressBookActor), "addresses");
        Refs.Identify = Child(typeof(IdentifyActor), "identify");
        Refs.AutoNat = Child(typeof(ReachabilityActor), "autonat");
        Refs.Ping = Child(typeof(PingActor), "ping");
        Refs.RelayClient = Child(typeof(RelayClientActor), "relay-client");
        if (_node.Options.RelayServer is not null)
        {
            Refs.RelayServer = Child(typeof(RelayServerActor), "relay-server");
        }

        if (_node.Options.HolePunching)
        {
            Refs.HolePunch = Child(typeof(HolePunchActor), HolePunching);
        }

        // After autonat, whose verdict it asks for.
        Refs.AutoNatServer = Child(typeof(AutoNatServerActor), "autonat-server");
        if (_node.Options.PortMapping)
        {
            Refs.PortMap = Child(typeof(PortMapActor), PortMapping);
        }

        Refs.KeepAlive = Child(typeof(KeepAliveActor), "keepalive");
        if (_node.Options.KeepAlive.Serve)
        {
            Refs.LifetimeServer = Child(typeof(LifetimeServerActor), "lifetime-server");
        }

        Refs.Ports = Child(typeof(PortsActor), Ports);
    }

    // From any thread: a logging adapter takes that. What a remote can provoke at will is written at the level of debugging only.
    private void LogRefused(ResourceRefusal refusal, string asker)
    {
        if (_log.IsDebugEnabled)
        {
            _log.Debug("Refused to {0}: {1}", asker, refusal.Describe());
        }
    }

    private void LogEvicted(ResourceScope victim, ResourceRefusal refusal)
    {
        if (_log.IsDebugEnabled)
        {
            _log.Debug("Ended {0} {1} to make room: {2}", victim.Kind, victim.Name, refusal.Describe());
        }
    }

    private IActorRef Child(Type type, string name) =>
        Context.WatchWith(Context.ActorOf(Props.Create(type, _node), name), new ServiceEnded(name));
}
