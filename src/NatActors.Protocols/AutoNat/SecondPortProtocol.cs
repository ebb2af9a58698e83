namespace NatActors.Protocols.AutoNat;

/// <summary>
/// <c>/natactors/observe/1.0.0</c>: a peer of our own, the server, opens a second TCP port for a moment and tells the client where it sees it
/// there. Whether a NAT gives another mapping to another port of the same address (RFC 4787 section 4.1) shows only at one observer contacted
/// on two of its ports; a STUN server has an alternate port for it (RFC 5780 section 4.3), a libp2p node listens on one.
/// </summary>
/// <remarks>
/// <para>
/// The client opens a stream over a direct TCP connection that left from its listen port, and sends ASK with a nonce. The server listens on a
/// fresh port at the very IP address that its end of that connection has, and answers OPEN with the port, or REFUSED, or FAILED. The client
/// connects from its <em>listen port</em> to that port at the server's IP address and sends the nonce, eight bytes, little-endian as in the
/// message, and nothing else. The server takes connections from the client's IP address only; on the first that shows the nonce it answers
/// SEEN on the stream with the IP address and port that it came from; when none does in time (<see cref="MaxWindow"/> at most) it answers
/// NOT_SEEN. Then it closes the stream, the connection and the port.
/// </para>
/// <para>
/// Where a firewall drops the second port nothing is learnt: only SEEN is evidence. The connection carries neither cipher nor muxer and never
/// becomes one of the node's; the nonce, which travelled over the secured stream, is all that binds it to the client. The messages are an
/// unsigned varint length and a message of <c>observe.proto</c>, of at most <see cref="MaxMessageSize"/> bytes.
/// </para>
/// </remarks>
public static class SecondPortProtocol
{
    /// <summary>The protocol's id.</summary>
    public const string Id = "/natactors/observe/1.0.0";

    /// <summary>The longest message accepted, in bytes, length prefix excluded: a status, a port and an IPv6 address with its port.</summary>
    public const int MaxMessageSize = 64;

    /// <summary>The length of the nonce on the second port, in bytes.</summary>
    public const int NonceLength = sizeof(ulong);

    /// <summary>
    /// The lowest port that a client dials. Ours: ports that systems give out are higher, and nobody shall aim a client at a well-known
    /// service that shares an address with the server.
    /// </summary>
    public const int LowestPort = 1024;

    /// <summary>
    /// The longest time that a second port is open. Ours: the client's SYN goes out at 0, 1 and 3 s (RFC 6298), and two seconds are longer
    /// than the last one and the nonce travel.
    /// </summary>
    public static readonly TimeSpan MaxWindow = TimeSpan.FromSeconds(5);
}
