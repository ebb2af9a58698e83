using System.Buffers;
using System.Net;
using System.Net.Sockets;
using NatActors.Fuzz.Entries;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.HolePunch;
using NatActors.Protocols.Identify;
using NatActors.Protocols.Ping;
using NatActors.Protocols.Relay;
using NatActors.Wire.Framing;

namespace NatActors.Fuzz.Recording;

/// <summary>
/// A peer that talks to real ones and writes down what they say: <c>record dial ADDRESS</c> or <c>record accept PORT</c>, then the corpus
/// folder, the name of the other side and how many seconds to stay. How the shipped recordings were made stands in Corpus/README.md.
/// </summary>
internal static class Recorder
{
    private const int PingLength = 32;
    private const int WrongUsage = 2;

    /// <summary>Peers look at public addresses only. Nobody dials it: the exchange is never brought to its SYNC.</summary>
    private const string NoOnesAddress = "/ip4/1.2.3.4/tcp/9";

    private static byte[] Punch => HolePunchCodec.Encode(new HolePunchMessage.Connect([Multiaddr.Parse(NoOnesAddress)]));

    /// <summary>Records one connection.</summary>
    public static int Run(IReadOnlyList<string> args)
    {
        if (args.Count != 5 || args[0] is not ("dial" or "accept") || !int.TryParse(args[4], out var seconds))
        {
            Console.WriteLine($"usage: record dial MULTIADDR | accept PORT, then FOLDER NAME SECONDS; the recorder is {FuzzKeys.Peers[0]}");
            return WrongUsage;
        }

        var recordings = new Recordings(args[2], args[3]);
        using var socket = args[0] == "dial" ? Dial(args[1]) : Accept(int.Parse(args[1], null));
        var session = new RecordingSession(new SocketPipe(socket), args[0] == "dial", recordings, OnInbound);
        if (session.Open())
        {
            Ask(session, (IPEndPoint)socket.LocalEndPoint!);
            for (var end = DateTime.UtcNow.AddSeconds(seconds); DateTime.UtcNow < end;)
            {
                session.Pump(end);
            }
        }

        session.Keep();
        recordings.Save();
        return 0;
    }

    private static Socket Dial(string address)
    {
        Multiaddr.Parse(address).TryGetTcpEndPoint(out var endPoint);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(endPoint!);
        return socket;
    }

    private static Socket Accept(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        Console.WriteLine($"listening at /ip4/127.0.0.1/tcp/{((IPEndPoint)listener.LocalEndpoint).Port}/p2p/{FuzzKeys.Peers[0]}");
        return listener.AcceptSocket();
    }

    /// <summary>One question of each protocol.</summary>
    private static void Ask(RecordingSession session, IPEndPoint here)
    {
        var me = Multiaddr.FromTcp(new IPEndPoint(IPAddress.Loopback, here.Port));
        Ask(session, IdentifyProtocol.Id, []);
        Ask(session, PingProtocol.Id, [new byte[PingLength]], framed: false);
        Ask(session, RelayProtocol.Hop, [RelayCodec.Encode(new HopMessage.Reserve())]);
        Ask(session, RelayProtocol.Hop, [RelayCodec.Encode(new HopMessage.Connect(FuzzKeys.Peers[1]))]);
        Ask(session, AutoNatProtocol.V1, [AutoNatV1Codec.Encode(new AutoNatV1Message.Dial(FuzzKeys.Peers[0], [me]))]);
        Ask(session, AutoNatProtocol.V2DialRequest, [AutoNatV2Codec.Encode(new AutoNatV2Message.DialRequest([me], 42))]);
    }

    private static void Ask(RecordingSession session, string protocol, byte[][] messages, bool framed = true)
    {
        if (session.OpenStream(protocol) is not { } stream)
        {
            Console.WriteLine($"{protocol}: not spoken");
            return;
        }

        foreach (var message in messages)
        {
            session.Send(stream, framed ? MessageWriter.Frame(message) : message);
        }

        var answer = session.ReadMessage(stream);
        Console.WriteLine($"{protocol}: {answer?.Length ?? 0} bytes");
    }

    private static bool OnInbound(RecordingSession session, RecordedStream stream)
    {
        Console.WriteLine($"asked for {stream.Protocol}");
        switch (stream.Protocol)
        {
            case IdentifyProtocol.Id:
                var output = new ArrayBufferWriter<byte>();
                IdentifyEncoder.Write(
                    new IdentifySelf(FuzzKeys.Ed25519.PublicKey.ToProtobuf(), "recorder", [],
                    [RelayProtocol.Stop, HolePunchCodec.Protocol, PingProtocol.Id, AutoNatProtocol.V2DialBack], null, default),
                    output);
                session.Send(stream, output.WrittenSpan, fin: true);
                break;
            case PingProtocol.Id:
                session.Send(stream, [.. stream.Unread]);
                break;
            case RelayProtocol.Stop:
                OnCircuit(session, stream);
                break;
            case HolePunchCodec.Protocol:
                session.ReadMessage(stream);
                session.Send(stream, MessageWriter.Frame(Punch));
                session.ReadMessage(stream);
                break;
        }

        return true;
    }

    /// <summary>
    /// Somebody comes through the relay: a session inside the stream, in which this side begins the punch, as DCUtR has it.
    /// </summary>
    private static void OnCircuit(RecordingSession session, RecordedStream stream)
    {
        session.ReadMessage(stream);
        session.Send(stream, MessageWriter.Frame(RelayCodec.Encode(new StopMessage.Status(RelayStatus.Ok))));
        var inner = new RecordingSession(new StreamPipe(session, stream), initiator: false, session.Recordings, OnInbound);
        if (!inner.Open())
        {
            Console.WriteLine("circuit: no session");
            return;
        }

        Ask(inner, IdentifyProtocol.Id, []);
        Ask(inner, HolePunchCodec.Protocol, [Punch]);
        inner.Keep();
    }
}
