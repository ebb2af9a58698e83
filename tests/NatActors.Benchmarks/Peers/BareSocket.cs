using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace NatActors.Benchmarks.Peers;

/// <summary>
/// The yardstick: a plain socket and the same AEAD, ChaCha20-Poly1305, in frames of 64 KiB, on blocking calls and threads of their own.
/// What is left out is what the stack adds: negotiation, multiplexing, flow control, streams.
/// </summary>
internal static class BareSocket
{
    /// <summary>Plaintext of one frame.</summary>
    public const int FrameSize = 64 * 1024;

    private const int TagSize = 16;
    private const int NonceSize = 12;

    /// <summary>One call of the socket carries up to this many frames, as the stack's does.</summary>
    private const int FramesPerCall = 4;

    private static readonly byte[] Key = new byte[32];

    /// <summary>
    /// Serves one connection after the other: a byte says up, down or echo, eight the bytes or the messages; an upload is confirmed with one
    /// byte.
    /// </summary>
    public static int Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var thread = new Thread(() => Serve(listener)) { IsBackground = true };
        thread.Start();
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    /// <summary>Sends that many bytes and waits until the other process has opened the last frame.</summary>
    public static TimeSpan Upload(int port, long bytes) => Timed(port, 'u', bytes, socket =>
    {
        Send(socket, bytes);
        socket.Receive(new byte[1]);
    });

    /// <summary>Has that many bytes sent and opens them.</summary>
    public static TimeSpan Download(int port, long bytes) => Timed(port, 'd', bytes, socket => Receive(socket, bytes));

    /// <summary>Small messages, sealed, opened and sent back, one after the other; how long each took.</summary>
    public static TimeSpan[] RoundTrips(int port, int size, int count)
    {
        var times = new TimeSpan[count];
        Timed(port, 'e', count, socket =>
        {
            socket.Send(BitConverter.GetBytes((long)size));
            using var cipher = new ChaCha20Poly1305(Key);
            var frame = new byte[size + TagSize];
            for (var i = 0; i < count; i++)
            {
                var started = System.Diagnostics.Stopwatch.GetTimestamp();
                SendSealed(socket, cipher, frame);
                ReceiveSealed(socket, cipher, frame);
                times[i] = System.Diagnostics.Stopwatch.GetElapsedTime(started);
            }
        });
        return times;
    }

    private static void Echo(Socket socket, long count)
    {
        var size = new byte[sizeof(long)];
        ReceiveExactly(socket, size);
        using var cipher = new ChaCha20Poly1305(Key);
        var frame = new byte[BitConverter.ToInt64(size) + TagSize];
        for (var i = 0; i < count; i++)
        {
            ReceiveSealed(socket, cipher, frame);
            SendSealed(socket, cipher, frame);
        }
    }

    private static void SendSealed(Socket socket, ChaCha20Poly1305 cipher, byte[] frame)
    {
        var payload = frame.AsSpan(0, frame.Length - TagSize);
        cipher.Encrypt(stackalloc byte[NonceSize], payload, payload, frame.AsSpan(payload.Length));
        socket.Send(frame);
    }

    private static void ReceiveSealed(Socket socket, ChaCha20Poly1305 cipher, byte[] frame)
    {
        ReceiveExactly(socket, frame);
        var payload = frame.AsSpan(0, frame.Length - TagSize);
        cipher.Decrypt(stackalloc byte[NonceSize], payload, frame.AsSpan(payload.Length), payload);
    }

    private static TimeSpan Timed(int port, char direction, long bytes, Action<Socket> transfer)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, port);
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        socket.Send([(byte)direction, .. BitConverter.GetBytes(bytes)]);
        transfer(socket);
        return System.Diagnostics.Stopwatch.GetElapsedTime(started);
    }

    private static void Serve(Socket listener)
    {
        while (true)
        {
            using var socket = listener.Accept();
            socket.NoDelay = true;
            var request = new byte[1 + sizeof(long)];
            ReceiveExactly(socket, request);
            var bytes = BitConverter.ToInt64(request, 1);
            if (request[0] == 'e')
            {
                Echo(socket, bytes);
            }
            else if (request[0] == 'u')
            {
                Receive(socket, bytes);
                socket.Send([1]);
            }
            else
            {
                Send(socket, bytes);
            }
        }
    }

    private static void Send(Socket socket, long bytes)
    {
        using var cipher = new ChaCha20Poly1305(Key);
        var payload = new byte[FrameSize];
        var output = new byte[FramesPerCall * (FrameSize + TagSize)];
        Span<byte> nonce = stackalloc byte[NonceSize];
        for (long sent = 0, counter = 0; sent < bytes;)
        {
            var length = 0;
            for (var frame = 0; frame < FramesPerCall && sent < bytes; frame++, sent += FrameSize)
            {
                BitConverter.TryWriteBytes(nonce, counter++);
                cipher.Encrypt(nonce, payload, output.AsSpan(length, FrameSize), output.AsSpan(length + FrameSize, TagSize));
                length += FrameSize + TagSize;
            }

            for (var offset = 0; offset < length;)
            {
                offset += socket.Send(output, offset, length - offset, SocketFlags.None);
            }
        }
    }

    private static void Receive(Socket socket, long bytes)
    {
        using var cipher = new ChaCha20Poly1305(Key);
        var payload = new byte[FrameSize];
        var input = new byte[FramesPerCall * (FrameSize + TagSize)];
        Span<byte> nonce = stackalloc byte[NonceSize];
        var (start, end) = (0, 0);
        for (long received = 0, counter = 0; received < bytes;)
        {
            if (end - start < FrameSize + TagSize)
            {
                input.AsSpan(start, end - start).CopyTo(input);
                (start, end) = (0, end - start);
                var read = socket.Receive(input, end, input.Length - end, SocketFlags.None);
                if (read == 0)
                {
                    throw new IOException("The other process stopped.");
                }

                end += read;
                continue;
            }

            BitConverter.TryWriteBytes(nonce, counter++);
            cipher.Decrypt(nonce, input.AsSpan(start, FrameSize), input.AsSpan(start + FrameSize, TagSize), payload);
            start += FrameSize + TagSize;
            received += FrameSize;
        }
    }

    private static void ReceiveExactly(Socket socket, byte[] buffer)
    {
        for (var offset = 0; offset < buffer.Length;)
        {
            var read = socket.Receive(buffer, offset, buffer.Length - offset, SocketFlags.None);
            offset += read > 0 ? read : throw new IOException("The other process stopped.");
        }
    }
}
