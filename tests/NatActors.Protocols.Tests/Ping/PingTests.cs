using System.Buffers;
using NatActors.Protocols.Ping;
using NatActors.Protocols.Tests.Connections;
using static NatActors.Protocols.Tests.Connections.Peers;

namespace NatActors.Protocols.Tests.Ping;

public sealed class PingTests
{
    private readonly PingOptions _options = new();

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(32)]
    public void Measures_the_time_until_the_whole_echo_is_back(int pieces)
    {
        var client = Client(1);
        var sent = Sent(client.OnStart(Seconds(10)));
        Assert.Equal(32, sent.Length);

        var effects = Echo(client, sent, pieces, Seconds(10.25));

        Assert.Equal([new PingEffect.Measured(1, Seconds(0.25)), new PingEffect.Finished()], effects);
        Assert.Null(client.Deadline);
        Assert.Empty(client.OnEnded());
    }

    [Fact]
    public void Sends_the_next_ping_an_interval_after_the_echo_with_other_bytes()
    {
        var client = Client(2);
        var first = Sent(client.OnStart(Seconds(0)));
        Assert.Equal([new PingEffect.Measured(1, Seconds(0.5))], Echo(client, first, 1, Seconds(0.5)));
        Assert.Equal(Seconds(1.5), client.Deadline);
        Assert.Empty(client.OnDeadline(Seconds(1.4)));

        var second = Sent(client.OnDeadline(Seconds(1.5)));

        Assert.NotEqual(first, second);
        Assert.Equal([new PingEffect.Measured(2, Seconds(1)), new PingEffect.Finished()], Echo(client, second, 1, Seconds(2.5)));
    }

    [Fact]
    public void A_lost_echo_fails_at_the_timeout_and_not_before()
    {
        var client = Client(1);
        client.OnStart(Seconds(0));

        Assert.Empty(client.OnDeadline(Seconds(9.9)));
        Assert.Equal([new PingEffect.Failed(1, PingFailure.TimedOut)], client.OnDeadline(Seconds(10)));
        Assert.Empty(client.OnDeadline(Seconds(20)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    public void A_wrong_byte_anywhere_in_the_echo_fails(int at)
    {
        var client = Client(1);
        var echo = Sent(client.OnStart(Seconds(0)));
        echo[at] ^= 1;

        Assert.Equal([new PingEffect.Failed(1, PingFailure.WrongEcho)], client.OnBytes(echo, Seconds(1)));
        Assert.Empty(client.OnBytes(echo, Seconds(1)));
    }

    [Fact]
    public void More_bytes_than_were_sent_fail()
    {
        var client = Client(1);
        var echo = Sent(client.OnStart(Seconds(0)));

        Assert.Equal([new PingEffect.Failed(1, PingFailure.Unasked)], client.OnBytes([.. echo, 0], Seconds(1)));
    }

    [Fact]
    public void Bytes_between_two_pings_fail()
    {
        var client = Client(2);
        Echo(client, Sent(client.OnStart(Seconds(0))), 1, Seconds(1));

        Assert.Equal([new PingEffect.Failed(1, PingFailure.Unasked)], client.OnBytes([0], Seconds(1)));
    }

    [Fact]
    public void The_end_of_the_stream_before_the_echo_fails()
    {
        var client = Client(1);
        client.OnStart(Seconds(0));

        Assert.Equal([new PingEffect.Failed(1, PingFailure.EndedByPeer)], client.OnEnded());
    }

    [Fact]
    public void The_responder_echoes_whole_pings_however_they_are_cut()
    {
        byte[] three = [.. Enumerable.Range(0, 96).Select(i => (byte)i)];
        for (var split = 0; split <= three.Length; split++)
        {
            var responder = new PingResponder(_options, Seconds(0));
            var echo = new ArrayBufferWriter<byte>();
            responder.OnBytes(three.AsSpan(0, split), echo, Seconds(1));
            Assert.Equal(split / 32 * 32, echo.WrittenCount);
            responder.OnBytes(three.AsSpan(split), echo, Seconds(1));

            Assert.Equal(three, echo.WrittenSpan.ToArray());
            Assert.True(responder.OnEnded());
        }
    }

    [Fact]
    public void The_responder_waits_for_whole_pings_only()
    {
        var responder = new PingResponder(_options, Seconds(0));
        var echo = new ArrayBufferWriter<byte>();

        responder.OnBytes(new byte[31], echo, Seconds(50));
        Assert.Equal(Seconds(60), responder.Deadline);
        Assert.False(responder.OnEnded());

        responder.OnBytes(new byte[1], echo, Seconds(51));
        Assert.Equal(Seconds(111), responder.Deadline);
    }

    private PingClient Client(int count) => new(count, new CountingRandom(), _options);

    private static byte[] Sent(IReadOnlyList<PingEffect> effects) =>
        Assert.IsType<PingEffect.Send>(Assert.Single(effects)).Payload.ToArray();

    private static List<PingEffect> Echo(PingClient client, byte[] sent, int pieces, TimeSpan now) =>
        [.. sent.Chunk((sent.Length + pieces - 1) / pieces).SelectMany(piece => client.OnBytes(piece, now))];
}
