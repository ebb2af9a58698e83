using System.Net;
using System.Net.Sockets;

namespace NatActors.Lab.Tests;

/// <summary>The least that a UDP hole punch needs: a port, what a public host saw of it, and a few datagrams from either side.</summary>
internal static class MinimalUdpPunch
{
    private const byte Hello = 1;
    private const byte Knock = 2;
    private const byte Answer = 3;
    private const byte Fence = 4;

    /// <summary>The first opens the sender's own NAT, the second finds the other's open.</summary>
    private const int Knocks = 2;

    /// <summary>Whether each of two hosts hears the other.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    /// <param name="observer">The public host that tells them how the world sees them.</param>
    /// <param name="port">The port on both sides.</param>
    internal static async Task<bool> TryAsync(LabHost a, LabHost b, LabHost observer, int port)
    {
        using var left = a.Udp(port);
        using var right = b.Udp(port);
        using var middle = observer.Udp(port);
        left.Send(Hello, observer.At(port));
        var seenLeft = (await middle.NextAsync()).From;
        right.Send(Hello, observer.At(port));
        var seenRight = (await middle.NextAsync()).From;
        for (var i = 0; i < Knocks; i++)
        {
            left.Send(Knock, seenRight);
            right.Send(Knock, seenLeft);

            // The observer's datagrams cross the same core behind the knocks: when they come, the knocks have come or never will.
            middle.Send(Fence, seenLeft);
            middle.Send(Fence, seenRight);
            var (leftHeard, rightHeard) = (await HearAsync(left, Fence), await HearAsync(right, Fence));
            if ((leftHeard ?? rightHeard) is { } from)
            {
                return await ConfirmAsync(leftHeard is null ? right : left, leftHeard is null ? left : right, from);
            }
        }

        return false;
    }

    /// <summary>Reads up to a word; answers where a knock came from, if one did.</summary>
    private static async Task<IPEndPoint?> HearAsync(Socket socket, byte last)
    {
        IPEndPoint? knocker = null;
        while (true)
        {
            var (word, from) = await socket.NextAsync();
            if (word == last)
            {
                return knocker;
            }

            knocker = from;
        }
    }

    private static async Task<bool> ConfirmAsync(Socket heard, Socket other, IPEndPoint from)
    {
        heard.Send(Answer, from);
        await HearAsync(other, Answer);
        return true;
    }
}
