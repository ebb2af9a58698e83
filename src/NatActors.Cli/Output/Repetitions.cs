using NatActors.Multiformats;
using NatActors.Node;

namespace NatActors.Cli.Output;

/// <summary>
/// Knows what a person has been told already: a peer that tells its protocols anew says otherwise just what it said before. Tools get every
/// event.
/// </summary>
internal sealed class Repetitions
{
    // One entry a connected peer.
    private readonly Dictionary<PeerId, (string Agent, Multiaddr? Observed)> _identified = [];

    /// <summary>True when the event says nothing new to a person.</summary>
    public bool Contain(NodeEvent value)
    {
        switch (value)
        {
            case NodeEvents.Disconnected e:
                _identified.Remove(e.Peer);
                return false;
            case NodeEvents.Identified e:
                var said = (e.Agent, e.Observed);
                var again = _identified.TryGetValue(e.Peer, out var before) && before == said;
                _identified[e.Peer] = said;
                return again;
            default:
                return false;
        }
    }
}
