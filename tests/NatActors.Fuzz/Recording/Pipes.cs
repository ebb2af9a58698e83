using System.Net.Sockets;

namespace NatActors.Fuzz.Recording;

/// <summary>Bytes to and from a peer; reading waits a while.</summary>
internal abstract class Pipe
{
    /// <summary>Reads what is there; 0 when nothing came in time or nothing will come.</summary>
    public abstract int Read(byte[] buffer, DateTime deadline);

    /// <summary>Writes all of it.</summary>
    public abstract void Write(ReadOnlySpan<byte> bytes);
}

/// <summary>A TCP connection.</summary>
internal sealed class SocketPipe(Socket socket) : Pipe
{
    private const int MicrosecondsPerMillisecond = 1000;

    private bool _ended;

    public override int Read(byte[] buffer, DateTime deadline)
    {
        var left = Math.Max(0, (int)(deadline - DateTime.UtcNow).TotalMilliseconds);
        if (_ended || !socket.Poll(left * MicrosecondsPerMillisecond, SelectMode.SelectRead))
        {
            return 0;
        }

        try
        {
            var read = socket.Receive(buffer);
            _ended = read == 0;
            return read;
        }
        catch (SocketException)
        {
            _ended = true;
            return 0;
        }
    }

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            socket.Send(bytes);
        }
        catch (SocketException)
        {
            _ended = true;
        }
    }
}

/// <summary>A stream of a session, to have another session inside: a relayed connection.</summary>
internal sealed class StreamPipe(RecordingSession session, RecordedStream stream) : Pipe
{
    public override int Read(byte[] buffer, DateTime deadline)
    {
        while (stream.Unread.Count == 0 && !stream.Ended && DateTime.UtcNow < deadline)
        {
            session.Pump(deadline);
        }

        var count = Math.Min(buffer.Length, stream.Unread.Count);
        stream.Unread.CopyTo(0, buffer, 0, count);
        stream.Unread.RemoveRange(0, count);
        return count;
    }

    public override void Write(ReadOnlySpan<byte> bytes) => session.Send(stream, bytes);
}
