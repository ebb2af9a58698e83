using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Port;

namespace NatActors.Protocols.Tests.Port;

/// <summary>The owner of a port as the schedule sees it: events go in by hand, effects are kept, time stands still unless moved.</summary>
internal sealed class PortScheduleHarness
{
    public static readonly IPEndPoint R1 = new(IPAddress.Parse("192.0.1.10"), 4001);
    public static readonly IPEndPoint R2 = new(IPAddress.Parse("10.0.0.2"), 4001);
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    public SharedPortSchedule Schedule { get; } = new(new SequenceRandom(1));

    public TimeSpan Now { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The effects of the last event.</summary>
    public IReadOnlyList<PortEffect> Last { get; private set; } = [];

    public T Single<T>()
        where T : PortEffect => Assert.Single(Last.OfType<T>());

    public PortScheduleHarness Dial(long id, IPEndPoint remote, bool fresh = false) =>
        Did(Schedule.OnDialRequested(id, remote, fresh, Now));

    public PortScheduleHarness Punch(long id, PunchRole role, params IPEndPoint[] remotes) =>
        Did(Schedule.OnPunchRequested(id, remotes, role, Window, TimeSpan.Zero, Now));

    public PortScheduleHarness PunchIn(TimeSpan delay, long id, PunchRole role, params IPEndPoint[] remotes) =>
        Did(Schedule.OnPunchRequested(id, remotes, role, Window, delay, Now));

    public PortScheduleHarness PunchNow(long id) => Did(Schedule.OnPunchStart(id, Now));

    public PortScheduleHarness Connected(long attempt) => Did(Schedule.OnConnected(attempt, Now));

    public PortScheduleHarness Failed(long attempt, PortFailureKind kind) =>
        Did(Schedule.OnConnectFailed(attempt, new PortFailure(kind, $"the system says {kind}"), Now));

    public PortScheduleHarness Accepted(long accepted, IPEndPoint remote) => Did(Schedule.OnAccepted(accepted, remote, Now));

    public PortScheduleHarness Drained() => Did(Schedule.OnAcceptQueueDrained(Now));

    public PortScheduleHarness Closed(IPEndPoint remote) => Did(Schedule.OnConnectionClosed(remote));

    public PortScheduleHarness Cancel(long id) => Did(Schedule.OnCancelled(id, Now));

    /// <summary>Jumps to the next deadline.</summary>
    public PortScheduleHarness Wait()
    {
        Now = Assert.NotNull(Schedule.NextDeadline);
        return Did(Schedule.OnTimer(Now));
    }

    private PortScheduleHarness Did(IReadOnlyList<PortEffect> effects)
    {
        Last = effects;
        return this;
    }
}

/// <summary>A small linear congruential generator: the same numbers each run.</summary>
internal sealed class SequenceRandom(ulong seed) : RandomSource
{
    private ulong _state = seed;

    public override void Fill(Span<byte> buffer)
    {
        foreach (ref var octet in buffer)
        {
            // Knuth's MMIX constants.
            _state = (_state * 6364136223846793005) + 1442695040888963407;
            octet = (byte)(_state >> 56);
        }
    }
}
