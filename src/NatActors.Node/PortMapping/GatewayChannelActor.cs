using System.Net;
using Akka.Actor;
using Akka.Event;
using NatActors.Protocols.PortMapping;
using NatActors.Transports.Datagrams;

namespace NatActors.Node.PortMapping;

/// <summary>
/// A socket to a router, or to the group where routers listen or speak: sends what it is told to, hands in what comes. Ends, which its
/// parent watches, when it cannot be opened.
/// <code>
/// Listening --datagram--> Handing in --continue--> Listening
///     | nobody listens there: deaf until something is sent
/// </code>
/// </summary>
internal sealed class GatewayChannelActor : UntypedActor
{
    private static readonly IPAddress AllHosts = IPAddress.Parse("224.0.0.1");
    private static readonly IPAddress AllNodes = IPAddress.Parse("ff02::1");

    private readonly NodeContext _node;
    private readonly PortMapEffect.OpenChannel _channel;
    private readonly CancellationTokenSource _cancel = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly byte[] _buffer = new byte[SsdpCodec.MaxAnswer + 1];
    private IDatagramSocket? _socket;
    private bool _isListening;

    /// <summary>Creates the actor.</summary>
    public GatewayChannelActor(NodeContext node, PortMapEffect.OpenChannel channel)
    {
        _node = node;
        _channel = channel;
    }

    /// <inheritdoc />
    protected override void PreStart()
    {
        var opened = _node.Datagrams.Open(_channel.Link.Local, Options(_channel));
        if (opened.Socket is null)
        {
            _log.Debug("No {0} channel to the router {1}: {2}", _channel.Kind, _channel.Link.Gateway, opened.Failure);
            Context.Stop(Self);
            return;
        }

        _socket = opened.Socket;
        Listen();
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cancel.Cancel();
        _ = _socket?.DisposeAsync();
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case GatewayMessages.Send send: OnSend(send); break;
            case GatewayMessages.Continue: Listen(); break;
            case Came came: OnCame(came.Datagram); break;
            case Sent: break;
            case Failed failed: OnFailed(failed); break;
            default: Unhandled(message); break;
        }
    }

    private static DatagramOptions Options(PortMapEffect.OpenChannel channel) => channel.Kind switch
    {
        GatewayChannel.Control => new DatagramOptions { Remote = new IPEndPoint(channel.Link.Gateway, NatPmpCodec.ServerPort) },
        GatewayChannel.Search => new DatagramOptions { MulticastTtl = SsdpCodec.TimeToLive },
        GatewayChannel.Notices => new DatagramOptions
        {
            Port = SsdpCodec.Port,
            SharePort = true,
            Groups = [channel.Link.IsIp6 ? SsdpCodec.GroupIp6 : SsdpCodec.Group],
        },
        _ => new DatagramOptions
        {
            Port = NatPmpCodec.ClientPort,
            SharePort = true,
            Groups = [channel.Link.IsIp6 ? AllNodes : AllHosts],
        },
    };

    private void OnSend(GatewayMessages.Send send)
    {
        if (_socket is null)
        {
            return;
        }

        Listen();
        _socket.SendAsync(send.Datagram, send.To, _cancel.Token).AsTask().PipeTo(
            Self, success: () => Sent.Instance, failure: e => new Failed(e.Message, WasListening: false));
    }

    private void Listen()
    {
        if (_socket is null || _isListening)
        {
            return;
        }

        _isListening = true;
        _socket.ReceiveAsync(_buffer, _cancel.Token).AsTask().PipeTo(
            Self, success: datagram => new Came(datagram), failure: e => new Failed(e.Message, WasListening: true));
    }

    private void OnCame(ReceivedDatagram datagram)
    {
        // Listening again waits for the parent; the buffer is free, what came is copied.
        _isListening = false;
        Context.Parent.Tell(new GatewayMessages.Received(_channel.Channel, _buffer.AsSpan(0, datagram.Length).ToArray(), datagram.From));
    }

    /// <summary>Mostly: nobody listens there. The rules send again in their time; to listen before that would be told the same.</summary>
    private void OnFailed(Failed failed)
    {
        _isListening &= !failed.WasListening;
        _log.Debug("The router {0} cannot be asked: {1}", _channel.Link.Gateway, failed.Why);
    }

    private sealed record Came(ReceivedDatagram Datagram) : IDeadLetterSuppression;

    private sealed record Failed(string Why, bool WasListening) : IDeadLetterSuppression;

    private sealed record Sent : IDeadLetterSuppression
    {
        public static readonly Sent Instance = new();
    }
}
