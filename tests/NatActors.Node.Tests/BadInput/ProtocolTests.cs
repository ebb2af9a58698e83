using System.Buffers;
using System.Diagnostics;
using NatActors.Multiformats;
using NatActors.Node.Ping;
using NatActors.Node.Streams;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.HolePunch;
using NatActors.Protocols.Identify;
using NatActors.Protocols.Perf;
using NatActors.Protocols.Ping;
using NatActors.Protocols.Relay;
using NatActors.Wire.Framing;

namespace NatActors.Node.Tests.BadInput;

/// <summary>Peers that are honest up to yamux and break a protocol: they lose their stream.</summary>
[Collection(BadInputCollection.Name)]
public sealed class ProtocolTests
{
    public static TheoryData<string, int> IdentifyAnswers => new()
    {
        { "nothing at all", 0 },
        { "random bytes", 1 },
        { "a message of a gibibyte", 2 },
        { "messages without end", 3 },
        { "one field without end", 4 },
        { "ten thousand addresses", 5 },
        { "addresses that are none", 6 },
        { "a record that another signed", 7 },
        { "a key that is not its own", 8 },
        { "a name with escape codes", 9 },
    };

    public static TheoryData<string> Protocols =>
    [
        IdentifyProtocol.Id, IdentifyProtocol.PushId, PingProtocol.Id, PerfProtocol.Id, RelayProtocol.Hop, RelayProtocol.Stop,
        HolePunchCodec.Protocol, EchoService.Id, AutoNatProtocol.V1, AutoNatProtocol.V2DialRequest, AutoNatProtocol.V2DialBack,
        AutoNatProtocol.Partner, SecondPortProtocol.Id,
    ];

    /// <summary>So that what is sent is read.</summary>
    private static AutoNatOptions Unlimited => new()
    {
        Serve = AutoNatServing.Always,
        Server = new AutoNatServerOptions
        {
            RequestsPerMinute = 1000,
            RequestsPerPeer = 1000,
            V1RequestsPerMinute = 1000,
            V1RequestsPerPeer = 1000,
            SecondPortsPerMinute = 1000,
            SecondPortsPerPeer = 1000,
        },
    };

    [Theory]
    [MemberData(nameof(IdentifyAnswers))]
    public async Task Nonsense_in_identify_costs_its_stream_only(string what, int answer)
    {
        Assert.NotEmpty(what);
        await using var victim = await Victim.StartAsync();
        var answered = new TaskCompletionSource();
        await using var bad = await BadPeer.LinkedAsync(victim.Node.Address, new Dictionary<string, Func<PeerStream, Task>>
        {
            [IdentifyProtocol.Id] = async stream =>
            {
                try
                {
                    await SayAsync(stream, answer);
                    await stream.CompleteWritesAsync();
                }
                finally
                {
                    answered.TrySetResult();
                }
            },
        });

        await answered.Task.WaitAsync(LoopbackNode.Guard);

        await IsServedAsync(bad);
        await using var push = await bad.OpenAsync(IdentifyProtocol.PushId);
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await SayAsync(push, answer);
            await push.CompleteWritesAsync();
            Assert.Equal(0, await push.ReadAsync(new byte[1]).AsTask().WaitAsync(LoopbackNode.Guard));
            throw new IOException("taken or dropped in order, as it may be");
        });
        await IsServedAsync(bad);
        await victim.IsWellAsync();
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Random_bytes_in_any_protocol_cost_its_stream_only(string protocol)
    {
        await using var victim = await Victim.StartAsync(o => o with { RelayServer = "private", Echo = true, AutoNat = Unlimited });
        await using var bad = await BadPeer.LinkedAsync(victim.Node.Address);
        var random = new Random(4001);
        for (var i = 0; i < 60; i++)
        {
            var bytes = new byte[random.Next(0, 9000)];
            random.NextBytes(bytes);
            if (i % 2 == 1 && bytes.Length is > 2 and < 128)
            {
                bytes[0] = (byte)(bytes.Length - 1);
            }

            var (complete, reset) = (i % 3 != 0, i % 5 == 0);
            await TryAsync(async () =>
            {
                await using var stream = await bad.OpenAsync(protocol);
                await stream.WriteAsync(bytes);
                if (complete)
                {
                    await stream.CompleteWritesAsync();
                }

                if (reset)
                {
                    stream.Reset();
                }
            });
        }

        await IsServedAsync(bad);
        await victim.IsWellAsync();
    }

    [Fact]
    public async Task Pings_that_are_never_whole_do_no_harm()
    {
        await using var victim = await Victim.StartAsync();
        await using var bad = await BadPeer.LinkedAsync(victim.Node.Address);
        for (var i = 0; i < 50; i++)
        {
            await TryAsync(async () =>
            {
                var stream = await bad.OpenAsync(PingProtocol.Id);
                await stream.WriteAsync(new byte[31]);
            });
        }

        await victim.IsWellAsync();
    }

    [Fact]
    public async Task Pings_whose_answers_are_not_read_fill_no_memory()
    {
        await using var victim = await Victim.StartAsync();
        await using var bad = await BadPeer.LinkedAsync(victim.Node.Address);
        await using var stream = await bad.OpenAsync(PingProtocol.Id);
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(2));

        // Never reading, until the windows of both directions are full and the write waits.
        var written = 0;
        try
        {
            while (written < 64 << 20)
            {
                await stream.WriteAsync(new byte[32 * 1024], enough.Token);
                written += 32 * 1024;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // Held back, or cut.
        }

        Assert.True(written < 64 << 20);
        await victim.IsWellAsync();
    }

    [Theory]
    [InlineData("FFFFFFFFFFFFFFFF")]
    [InlineData("7FFFFFFFFFFFFFFF")]
    [InlineData("00000000")]
    public async Task A_measurement_of_absurd_size_is_cut(string header)
    {
        await using var victim = await Victim.StartAsync();
        await using var bad = await BadPeer.LinkedAsync(victim.Node.Address);
        await using var stream = await bad.OpenAsync(PerfProtocol.Id);

        await TryAsync(async () =>
        {
            await stream.WriteAsync(Convert.FromHexString(header));
            await stream.CompleteWritesAsync();
        });

        await Assert.ThrowsAnyAsync<IOException>(() => stream.ReadAsync(new byte[1]).AsTask().WaitAsync(LoopbackNode.Guard));
        await IsServedAsync(bad);
        await victim.IsWellAsync();
    }

    [Fact]
    public async Task Streams_that_never_name_a_protocol_are_reset()
    {
        await using var victim = await Victim.StartAsync(
            o => o with { Connections = new ConnectionOptions { StreamNegotiationTimeout = TimeSpan.FromMilliseconds(500) } });
        await using var bad = await BadPeer.LinkedAsync(victim.Node.Address);
        for (var i = 0; i < 100; i++)
        {
            var raw = bad.Link.TryOpenStream();
            await raw!.WriteAsync(new byte[] { 19 });
            if (i == 99)
            {
                await Assert.ThrowsAnyAsync<IOException>(() => raw.ReadAsync(new byte[1]).AsTask().WaitAsync(LoopbackNode.Guard));
            }
        }

        await IsServedAsync(bad);
        await victim.IsWellAsync();
    }

    [Theory]
    [InlineData("FF")]
    [InlineData("80808040")]
    [InlineData("8000")]
    [InlineData("FFFFFFFFFFFFFFFFFF01")]
    [InlineData("03080041")]
    [InlineData("0208FF")]
    public async Task Hop_and_stop_streams_take_no_garbage(string hex)
    {
        await using var victim = await Victim.StartAsync(o => o with { RelayServer = "public" });
        await using var bad = await BadPeer.LinkedAsync(victim.Node.Address);
        foreach (var protocol in new[] { RelayProtocol.Hop, RelayProtocol.Stop })
        {
            await using var stream = await bad.OpenAsync(protocol);
            await TryAsync(async () =>
            {
                await stream.WriteAsync(Convert.FromHexString(hex));
                await stream.CompleteWritesAsync();
                await stream.CopyToAsync(Stream.Null).WaitAsync(LoopbackNode.Guard);
            });
        }

        await IsServedAsync(bad);
        await victim.IsWellAsync();
    }

    [Fact]
    public async Task A_circuit_to_the_relay_itself_or_to_oneself_is_refused()
    {
        await using var victim = await Victim.StartAsync(o => o with { RelayServer = "private" });
        await using var bad = await BadPeer.LinkedAsync(victim.Node.Address);
        foreach (var target in new[] { victim.Node.Id, bad.Id })
        {
            await using var stream = await bad.OpenAsync(RelayProtocol.Hop);
            var messages = new MessageStream(stream);
            await messages.WriteMessageAsync(RelayCodec.Encode(new HopMessage.Connect(target)), CancellationToken.None);
            var answer = await messages.ReadMessageAsync(RelayCodec.MaxMessageSize, CancellationToken.None).AsTask().WaitAsync(LoopbackNode.Guard);
            var status = Assert.IsType<HopMessage.Status>(RelayCodec.DecodeHop(answer.Message!.Value.Span).Message);
            Assert.NotEqual(RelayStatus.Ok, status.Code);
        }

        await victim.IsWellAsync();
    }

    // A peer may have two pings open; those of before may not have ended over there yet, and one more is cut then.
    private static async Task IsServedAsync(BadPeer bad)
    {
        var until = Stopwatch.GetTimestamp() + (long)(LoopbackNode.Guard.TotalSeconds * Stopwatch.Frequency);
        while (true)
        {
            try
            {
                await PingAsync(bad);
                return;
            }
            catch (IOException) when (Stopwatch.GetTimestamp() < until)
            {
            }
        }
    }

    private static async Task PingAsync(BadPeer bad)
    {
        await using var ping = await bad.OpenAsync(PingProtocol.Id);
        await ping.WriteAsync(new byte[32]);
        await ping.ReadExactlyAsync(new byte[32]).AsTask().WaitAsync(LoopbackNode.Guard);
    }

    private static async Task TryAsync(Func<Task> does)
    {
        try
        {
            await does();
        }
        catch (IOException)
        {
            // The node cut it, which is its right.
        }
    }

    private static async Task SayAsync(PeerStream stream, int answer)
    {
        using var other = PrivateKey.GenerateEd25519(Transports.SystemRandomSource.Instance);
        switch (answer)
        {
            case 0:
                break;
            case 1:
                await stream.WriteAsync(Enumerable.Range(0, 4000).Select(i => (byte)(i * 7919 >> 3)).ToArray());
                break;
            case 2:
                await stream.WriteAsync(Convert.FromHexString("8080808004"));
                await stream.WriteAsync(new byte[100_000]);
                break;
            case 3:
                await RepeatAsync(stream, MessageWriter.Frame(Field(6, "again"u8)));
                break;
            case 4:
                await stream.WriteAsync(Convert.FromHexString("FFFFFFFFFFFFFF7F"));
                await RepeatAsync(stream, new byte[10_000]);
                break;
            case 5:
                for (var i = 0; i < 10; i++)
                {
                    await stream.WriteAsync(MessageWriter.Frame(Addresses(1000 * i)));
                }

                break;
            case 6:
                await stream.WriteAsync(MessageWriter.Frame([.. Field(2, [0xff, 0xff, 0xff]), .. Field(2, []), .. Field(4, [4, 1])]));
                break;
            case 7:
                await stream.WriteAsync(MessageWriter.Frame(Field(8, RecordOf(other))));
                break;
            case 8:
                await stream.WriteAsync(MessageWriter.Frame(Field(1, other.PublicKey.ToProtobuf())));
                break;
            default:
                await stream.WriteAsync(MessageWriter.Frame(Field(6, "\u001b[2J\u001b]0;owned\u0007\r\nerror: all is lost"u8)));
                break;
        }
    }

    private static byte[] RecordOf(PrivateKey other) =>
        new NatActors.Protocols.Records.PeerRecord(other.PeerId, 1, [Multiaddr.Parse("/ip4/1.2.3.4/tcp/1")]).Seal(other);

    private static byte[] Addresses(int from)
    {
        var message = new ArrayBufferWriter<byte>();
        for (var i = 0; i < 700; i++)
        {
            message.Write(Field(2, Multiaddr.Parse($"/ip4/30.{(from + i) >> 8 & 255}.{(from + i) & 255}.1/tcp/4001").Bytes.Span));
        }

        return message.WrittenSpan.ToArray();
    }

    private static async Task RepeatAsync(PeerStream stream, byte[] bytes)
    {
        for (var sent = 0; sent < 64 << 20; sent += bytes.Length)
        {
            await stream.WriteAsync(bytes).AsTask().WaitAsync(LoopbackNode.Guard);
        }
    }

    private static byte[] Field(int number, ReadOnlySpan<byte> value) =>
        [(byte)((number << 3) | 2), .. value.Length < 128 ? new[] { (byte)value.Length } : [(byte)(value.Length | 0x80), (byte)(value.Length >> 7)], .. value];
}
