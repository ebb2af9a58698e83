using System.Net;
using NatActors.Multiformats;

namespace NatActors.Protocols.Addresses;

/// <summary>
/// Tells a second NAT from what the first router says of itself: an external address that is private (RFC 1918) or a carrier's (RFC 6598,
/// 100.64.0.0/10), or another than the one that observers see. A router whose external address is the observed one has none behind it.
/// Without a router that answers, or without an observer, nothing is claimed.
/// </summary>
internal static class NatRouterRules
{
    public static (Known DoubleNat, IReadOnlyList<string> Reasons) Judge(IReadOnlyDictionary<string, IPAddress> routers, IPAddress? outside)
    {
        var agrees = false;
        foreach (var (protocol, external) in routers.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            var kind = AddressScope.KindOf(external);
            if (kind == AddressKind.Unspecified)
            {
                continue;
            }

            if (kind != AddressKind.Public)
            {
                var whose = kind == AddressKind.CarrierGrade ? "a carrier's shared address (100.64.0.0/10)" : "not a public one";
                return (Known.Yes, [$"the router's external address {external} ({protocol}) is {whose}: another NAT stands behind it"]);
            }

            if (outside is not null && !outside.Equals(external))
            {
                return (
                    Known.Yes,
                    [$"the router's external address is {external} ({protocol}), but others see {outside}: another NAT stands behind it"]);
            }

            agrees |= outside is not null;
        }

        return agrees ? (Known.No, [$"the router's external address is the one that others see, {outside}"]) : (Known.Unknown, []);
    }
}
