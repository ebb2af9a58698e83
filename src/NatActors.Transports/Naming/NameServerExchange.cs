using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using NatActors.Transports.Datagrams;
using NatActors.Transports.Port;

namespace NatActors.Transports.Naming;

/// <summary>Asks name servers over the machine's sockets: UDP from a random port, heard from that server only, or TCP.</summary>
public sealed class NameServerExchange : INameServerExchange
{
    /// <summary>The longest answer taken over UDP. Queries ask for less; a server that sends more is not cut off.</summary>
    public const int MaxDatagram = 4096;

    private const int LengthBytes = 2;

    private readonly IDatagramSockets _datagrams;
    private readonly ISocketFactory _sockets;

    /// <summary>An exchange in this process's network namespace.</summary>
    public NameServerExchange()
        : this(new SystemDatagramSockets(), SystemSocketFactory.Instance)
    {
    }

    /// <summary>An exchange over these sockets.</summary>
    public NameServerExchange(IDatagramSockets datagrams, ISocketFactory sockets)
    {
        ArgumentNullException.ThrowIfNull(datagrams);
        ArgumentNullException.ThrowIfNull(sockets);
        _datagrams = datagrams;
        _sockets = sockets;
    }

    /// <inheritdoc />
    public Task<ReadOnlyMemory<byte>> AskAsync(
        IPEndPoint server,
        ReadOnlyMemory<byte> query,
        bool overTcp,
        Func<ReadOnlyMemory<byte>, bool> mayAnswer,
        CancellationToken cancellationToken) =>
        overTcp ? AskOverTcpAsync(server, query, cancellationToken) : AskOverUdpAsync(server, query, mayAnswer, cancellationToken);

    private async Task<ReadOnlyMemory<byte>> AskOverUdpAsync(
        IPEndPoint server, ReadOnlyMemory<byte> query, Func<ReadOnlyMemory<byte>, bool> mayAnswer, CancellationToken cancellationToken)
    {
        var local = server.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
        var opened = _datagrams.Open(local, new DatagramOptions { Remote = server });
        await using var socket = opened.Socket ?? throw new IOException(opened.Failure);
        await socket.SendAsync(query, server, cancellationToken).ConfigureAwait(false);
        var buffer = new byte[MaxDatagram];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (received.From.Equals(server) && mayAnswer(buffer.AsMemory(0, received.Length)))
            {
                return buffer.AsMemory(0, received.Length);
            }
        }
    }

    private async Task<ReadOnlyMemory<byte>> AskOverTcpAsync(
        IPEndPoint server, ReadOnlyMemory<byte> query, CancellationToken cancellationToken)
    {
        try
        {
            using var socket = _sockets.CreateTcp(server.AddressFamily);
            await socket.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
            var framed = new byte[LengthBytes + query.Length];
            BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)query.Length);
            query.CopyTo(framed.AsMemory(LengthBytes));
            await socket.SendAsync(framed, SocketFlags.None, cancellationToken).ConfigureAwait(false);
            await ReadAsync(socket, framed.AsMemory(0, LengthBytes), cancellationToken).ConfigureAwait(false);

            // RFC 1035 section 4.2.2: two bytes of length, so at most 64 KiB is taken.
            var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(framed)];
            await ReadAsync(socket, answer, cancellationToken).ConfigureAwait(false);
            return answer;
        }
        catch (SocketException refusal)
        {
            throw new IOException(refusal.Message, refusal);
        }
    }

    private static async Task ReadAsync(Socket socket, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (buffer.Length > 0)
        {
            var read = await socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw new IOException("the name server hung up in the middle of its answer");
            }

            buffer = buffer[read..];
        }
    }
}
