namespace NatActors.Protocols.KeepAlive;

/// <summary>
/// <c>/natactors/lifetime/1.0.0</c>: two peers of our own find out how long the NAT in front of one of them, the client, keeps a silent
/// mapping. That the client's own packets are answered after a silence proves nothing: an outbound packet opens an expired mapping again. Only
/// a packet that comes <em>in</em> after the silence does, so the other one, the server, sends it.
/// </summary>
/// <remarks>
/// <para>
/// On a stream of an ordinary connection the client sends ASK with the silences to try, and the server GRANT with a token for each, or REFUSE.
/// For each token the client connects to the server from a port of its own (<em>not</em> the listen port: a NAT may keep one mapping for all
/// flows of a port), agrees on this protocol's id by multistream-select in place of a security protocol, and sends the token. The server sends
/// the byte <see cref="Armed"/>; then both are silent for the time asked for; then the server sends the byte <see cref="Awake"/>, and at the
/// same moment SENT on the stream. The connection is then closed by the client.
/// </para>
/// <para>
/// The byte arrives: the mapping lived through as much silence as the client counted itself, so nobody can lie it longer. SENT arrives and the
/// byte does not: the mapping is gone. Neither arrives: no evidence.
/// </para>
/// <para>
/// The measured connection carries neither cipher nor muxer, so nothing speaks on it by itself: no ping, no identify, no window update. It
/// has no secret to keep: the token binds it to a stream whose ends have proven who they are. All messages have their length in front, as an
/// unsigned varint, and are Lifetime messages of <c>lifetime.proto</c>.
/// </para>
/// </remarks>
public static class LifetimeProtocol
{
    /// <summary>The protocol's id, on the stream and on the measured connections.</summary>
    public const string Id = "/natactors/lifetime/1.0.0";

    /// <summary>The length of a token in bytes.</summary>
    public const int TokenLength = 16;

    /// <summary>The server's first byte: the silence begins.</summary>
    public const byte Armed = 1;

    /// <summary>The server's second byte: the silence is over.</summary>
    public const byte Awake = 2;

    /// <summary>
    /// How long after SENT the byte may still come. It goes out at the same moment; this is three retransmissions by TCP (0.2, 0.6 and 1.4 s)
    /// and a second more.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);
}
