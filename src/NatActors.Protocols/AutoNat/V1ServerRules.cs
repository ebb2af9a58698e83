using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>What a server of version 1 dials (autonat-v1.md, "Security Considerations").</summary>
public static class V1ServerRules
{
    /// <summary>The most addresses dialed for a request (go-libp2p host/autonat, maxPeerAddresses).</summary>
    public const int MaxTargets = AutoNatV1Codec.MaxAddresses;

    /// <summary>What is wrong with a request, as the answer to it; null when it can be served.</summary>
    public static AutoNatV1Message.DialResponse? Refusal(AutoNatV1Decoded decoded, AutoNatClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        return decoded.Message switch
        {
            AutoNatV1Message.Dial dial when dial.Peer == client.Peer => null,
            AutoNatV1Message.Dial => Answer(AutoNatV1Status.BadRequest, "peer id mismatch"),
            AutoNatV1Message.DialResponse => Answer(AutoNatV1Status.BadRequest, "expected a dial"),
            _ => Answer(AutoNatV1Status.BadRequest, decoded.Fault == AutoNatMessageFault.NoPeer ? "missing peer info" : "unreadable message"),
        };
    }

    /// <summary>
    /// The addresses to dial, none twice: whatever the client wrote, only at the IP address that it comes from ("implementations MUST NOT
    /// dial any multiaddress unless it is based on the IP address the requesting node is observed as"), and at last that address itself,
    /// with the port that the client came from: one that dials from its listen port can be reached there.
    /// </summary>
    public static IReadOnlyList<Multiaddr> Targets(IReadOnlyList<Multiaddr> addresses, AutoNatClient client, AutoNatServerPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(policy);

        // An address of one cable cannot be written without its zone, and one with a zone is not dialed.
        if (client.Ip is not { } observed || client.Address.Components[0].Protocol == MultiaddrProtocol.Ip6Zone)
        {
            return [];
        }

        var head = $"/{(observed.GetAddressBytes().Length == 4 ? "ip4" : "ip6")}/{observed}";
        return
        [
            .. addresses
                .Where(a => a.Host is not null && a.Components[0].Protocol != MultiaddrProtocol.Ip6Zone)
                .Select(a => Multiaddr.Parse(head + string.Concat(a.WithoutPeerId().Components.Skip(1).Select(c => c.ToString()))))
                .Take(MaxTargets - 1)
                .Append(client.Address.WithoutPeerId())
                .Distinct()
                .Where(a => policy.Judge(a) == DialBackRefusal.None),
        ];
    }

    /// <summary>An answer without an address.</summary>
    public static AutoNatV1Message.DialResponse Answer(AutoNatV1Status status, string text) => new(status, text, null);
}
