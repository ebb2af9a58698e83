using Akka.Actor;
using NatActors.Node.Streams;
using NatActors.Protocols.HolePunch;
using NatActors.Wire.Negotiation;

namespace NatActors.Node.HolePunch;

/// <summary>
/// The DCUtR stream of one attempt, and the next one when it ends: reads one message at a time and tells the actor, writes in order. Owned
/// by one
/// actor; what it tells carries the stream's number, so that the last words of an old stream are known as such.
/// </summary>
internal sealed class DcutrStream(IActorRef owner)
{
    private MessageStream? _messages;
    private CancellationToken _stopping;
    private Task _writing = Task.CompletedTask;

    /// <summary>The number of the stream in use, from 1; 0 before the first.</summary>
    public long Number { get; private set; }

    /// <summary>Goes on with this stream; an earlier one is reset.</summary>
    public void Use(PeerStream stream, CancellationToken stopping)
    {
        Reset();
        Number++;
        _stopping = stopping;
        _messages = new MessageStream(stream);
        _writing = Task.CompletedTask;
        ReadNext();
    }

    /// <summary>Reads one more message; the owner is told of it, or of the end.</summary>
    public void ReadNext()
    {
        if (_messages is { } messages)
        {
            var number = Number;
            ReadAsync(messages, number, _stopping).PipeTo(owner, failure: e => EndOf(number, e));
        }
    }

    /// <summary>Writes a message behind those before it. A failure is told as the end.</summary>
    public void Send(HolePunchMessage message)
    {
        if (_messages is { } messages)
        {
            var number = Number;
            _writing = WriteAsync(_writing, messages, HolePunchCodec.Encode(message), _stopping);
            _writing.PipeTo(owner, failure: _ => new HolePunchMessages.StreamEnded(number));
        }
    }

    /// <summary>Ends the stream: behind what is still being written, or at once.</summary>
    public void End(bool reset)
    {
        if (reset)
        {
            Reset();
        }
        else if (_messages is { } messages)
        {
            _messages = null;
            var number = Number;
            CloseAsync(messages.Stream, _writing).PipeTo(owner, failure: _ => new HolePunchMessages.StreamEnded(number));
        }
    }

    /// <summary>Cuts the stream, if one is in use.</summary>
    public void Reset()
    {
        _messages?.Stream.Reset();
        _messages = null;
    }

    private static object EndOf(long number, Exception failure) => failure is StreamNegotiationException refused
        ? new HolePunchMessages.StreamRefused(number, refused.Reason == NegotiationFailure.NoCommonProtocol, refused.Message)
        : new HolePunchMessages.StreamEnded(number);

    private static async Task CloseAsync(PeerStream stream, Task written)
    {
        await written;
        await stream.DisposeAsync();
    }

    private static async Task WriteAsync(Task before, MessageStream messages, byte[] message, CancellationToken cancellationToken)
    {
        await before;
        await messages.WriteMessageAsync(message, cancellationToken);
    }

    private static async Task<object> ReadAsync(MessageStream messages, long number, CancellationToken cancellationToken)
    {
        var read = await messages.ReadMessageAsync(HolePunchCodec.MaxMessageSize, cancellationToken);
        if (read.IsEnd)
        {
            return new HolePunchMessages.StreamEnded(number);
        }

        return new HolePunchMessages.StreamReceived(number, read.Message is { } message
            ? HolePunchCodec.Decode(message.Span)
            : new HolePunchDecoded(null, HolePunchFault.TooLong));
    }
}
