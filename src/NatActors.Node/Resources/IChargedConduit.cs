using NatActors.Transports;

namespace NatActors.Node.Resources;

/// <summary>A conduit that may have to hold what the peer began and does not finish.</summary>
internal interface IChargedConduit : IConduit
{
    /// <summary>Charges what it holds while it waits to those resources; to be called while nothing is being read.</summary>
    void ChargeTo(ConnectionResources resources);
}
