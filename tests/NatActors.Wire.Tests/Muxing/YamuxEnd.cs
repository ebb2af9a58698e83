using NatActors.Wire.Muxing;

namespace NatActors.Wire.Tests.Muxing;

/// <summary>One end of a <see cref="YamuxPair"/>: a session, what it has to send, and everything that happened to it.</summary>
internal sealed class YamuxEnd
{
    private readonly List<byte> _data = [];

    public YamuxEnd(YamuxRole role, YamuxOptions options) => Session = new YamuxSession(role, options);

    public YamuxSession Session { get; }

    public List<YamuxEvent> Events { get; } = [];

    public Dictionary<uint, List<byte>> Received { get; } = [];

    public List<YamuxStream> Opened { get; } = [];

    /// <summary>Consume received bytes at once, as a fast reader does.</summary>
    public bool Consumes { get; set; } = true;

    public bool HasOutput => _data.Count > 0 || Session.HasUrgentControl;

    /// <summary>Sends as much as the window allows; returns how much that was.</summary>
    public int Send(YamuxStream stream, ReadOnlySpan<byte> payload, bool fin = false)
    {
        var sent = 0;
        while (sent < payload.Length && Session.SendLimit(stream) is var limit and > 0)
        {
            var length = Math.Min(limit, payload.Length - sent);
            var last = sent + length == payload.Length;
            Frame(stream, payload.Slice(sent, length), fin && last);
            sent += length;
        }

        return sent;
    }

    public void Finish(YamuxStream stream) => Frame(stream, [], fin: true);

    /// <summary>Everything to be sent now: control frames in front of the data.</summary>
    public byte[] TakeOutput()
    {
        var control = new byte[64 * YamuxHeader.Size];
        var length = Session.DrainControl(control);
        byte[] output = [.. control.AsSpan(0, length), .. _data];
        _data.Clear();
        return output;
    }

    public void Feed(ReadOnlySpan<byte> input, TimeSpan now)
    {
        while (true)
        {
            var happened = Session.Read(input, now, out var consumed);
            if (happened.Kind == YamuxEventKind.NeedMoreData)
            {
                Assert.Equal(input.Length, consumed);
                return;
            }

            Events.Add(happened);
            if (happened.Kind == YamuxEventKind.StreamOpened)
            {
                Opened.Add(happened.Stream!);
            }
            else if (happened.Kind == YamuxEventKind.Data)
            {
                Keep(happened.Stream!, input[(consumed - happened.PayloadLength)..consumed], now);
            }
            else if (happened.Kind == YamuxEventKind.Violated)
            {
                return;
            }

            input = input[consumed..];
        }
    }

    public int Count(YamuxEventKind kind) => Events.Count(e => e.Kind == kind);

    private void Keep(YamuxStream stream, ReadOnlySpan<byte> payload, TimeSpan now)
    {
        if (!Received.TryGetValue(stream.Id, out var bytes))
        {
            Received[stream.Id] = bytes = [];
        }

        bytes.AddRange(payload);
        if (Consumes)
        {
            Session.OnConsumed(stream, payload.Length, now);
        }
    }

    private void Frame(YamuxStream stream, ReadOnlySpan<byte> payload, bool fin)
    {
        var header = new byte[YamuxHeader.Size];
        Session.WriteDataHeader(stream, payload.Length, fin, header);
        _data.AddRange(header);
        _data.AddRange(payload);
    }
}

/// <summary>Two sessions, a clock that jumps, a path with a delay, and bytes cut into pieces of any size.</summary>
internal sealed class YamuxPair
{
    private readonly Queue<(TimeSpan At, YamuxEnd To, byte[] Bytes)> _path = new();
    private readonly TimeSpan _delay;
    private readonly int _piece;

    public YamuxPair(YamuxOptions? client = null, YamuxOptions? server = null, double delayMs = 0, int piece = int.MaxValue)
    {
        Client = new YamuxEnd(YamuxRole.Client, client ?? new YamuxOptions());
        Server = new YamuxEnd(YamuxRole.Server, server ?? new YamuxOptions());
        _delay = TimeSpan.FromMilliseconds(delayMs);
        _piece = piece;
    }

    public YamuxEnd Client { get; }

    public YamuxEnd Server { get; }

    public TimeSpan Now { get; private set; } = TimeSpan.FromHours(1);

    /// <summary>Carries bytes, jumping the clock from arrival to arrival, until both ends are silent.</summary>
    public void Run()
    {
        do
        {
            Put(Client, Server);
            Put(Server, Client);
            if (_path.TryDequeue(out var next))
            {
                Now = next.At > Now ? next.At : Now;
                Deliver(next.To, next.Bytes);
            }
        }
        while (_path.Count > 0 || Client.HasOutput || Server.HasOutput);
    }

    /// <summary>Lets time pass.</summary>
    public void Wait(TimeSpan time) => Now += time;

    /// <summary>A stream of the client, made known to the server by one byte.</summary>
    public (YamuxStream Client, YamuxStream Server) Open()
    {
        var stream = Client.Session.TryOpen(Now)!;
        Client.Send(stream, [0]);
        Run();
        return (stream, Server.Opened[^1]);
    }

    /// <summary>The round trip is measured on both sides.</summary>
    public void Ping()
    {
        Client.Session.OnTick(Now);
        Server.Session.OnTick(Now);
        Run();
    }

    private void Put(YamuxEnd from, YamuxEnd to)
    {
        if (from.HasOutput)
        {
            _path.Enqueue((Now + _delay, to, from.TakeOutput()));
        }
    }

    private void Deliver(YamuxEnd to, byte[] bytes)
    {
        for (var offset = 0; offset < bytes.Length; offset += _piece)
        {
            to.Feed(bytes.AsSpan(offset, Math.Min(_piece, bytes.Length - offset)), Now);
            if (_piece == int.MaxValue)
            {
                break;
            }
        }
    }
}
