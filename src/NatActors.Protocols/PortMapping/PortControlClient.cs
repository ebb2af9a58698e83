using System.Net;

namespace NatActors.Protocols.PortMapping;

/// <summary>
/// What PCP and NAT-PMP have in common: one request and one answer a datagram, sent again at doubling intervals; leases renewed at half
/// their life; an epoch that tells of a router's restart.
/// <code>
/// asking whether it is there --answer--> found: asked again every minute --no answer--> gone: asked again at doubling intervals, then rest
/// a mapping: asked --granted--> held --half its lease--> asked again --refused, or no answer until its end--> lost
/// </code>
/// </summary>
internal abstract class PortControlClient : GatewayClient
{
    /// <summary>
    /// Everything is asked for anew no more often than this (RFC 6887 section 11.2.1: renewals at least four seconds apart): a router whose
    /// epoch never fits, or somebody who speaks in its name, makes no busy loop of us.
    /// </summary>
    private static readonly TimeSpan AnewAtMostEvery = TimeSpan.FromSeconds(4);

    private readonly Dictionary<PortToMap, MappingSlot> _slots = [];
    private readonly List<MappingSlot> _releasing = [];
    private readonly IPEndPoint _server;
    private int _probes;
    private bool _awaits;
    private bool _wasFound;
    private TimeSpan? _probeAt;
    private TimeSpan? _anewAt;

    protected PortControlClient(GatewayLink link, PortMappingOptions options)
        : base(link, options) => _server = new IPEndPoint(link.Gateway, NatPmpCodec.ServerPort);

    /// <inheritdoc />
    public override TimeSpan? NextDeadline =>
        _slots.Values.Concat(_releasing).Aggregate(_probeAt, (earliest, slot) => Earlier(earliest, slot.NextDeadline));

    /// <inheritdoc />
    public override bool IsReleasing => _releasing.Count > 0;

    protected IEnumerable<MappingSlot> Slots => _slots.Values;

    /// <inheritdoc />
    public override void Start(TimeSpan now) => ProbeAnew(now);

    /// <inheritdoc />
    public override void Want(PortToMap port, TimeSpan now)
    {
        // A removal of the same mapping must not overtake it.
        _releasing.RemoveAll(slot => slot.Port == port);
        if (_slots.TryAdd(port, new MappingSlot(port)))
        {
            Ask(_slots[port], now);
        }
    }

    /// <inheritdoc />
    public override void Release(PortToMap port, TimeSpan now)
    {
        // Also where no answer came yet: the request may have come through.
        if (_slots.Remove(port, out var slot))
        {
            var released = new MappingSlot(port) { External = slot.External };
            _releasing.Add(released);
            SendRemoval(released, now);
        }
    }

    /// <inheritdoc />
    public override void Recheck(TimeSpan now)
    {
        if (AskAllAnew(now))
        {
            ProbeAnew(now);
        }
    }

    /// <inheritdoc />
    public override void OnDeadline(TimeSpan now)
    {
        if (_probeAt <= now)
        {
            OnProbeDeadline(now);
        }

        foreach (var slot in _slots.Values.Where(slot => slot.NextDeadline <= now).ToList())
        {
            OnSlotDeadline(slot, now);
        }

        foreach (var slot in _releasing.Where(slot => slot.NextDeadline <= now).ToList())
        {
            SendRemoval(slot, now);
        }
    }

    /// <summary>The datagram that finds out whether the router is there.</summary>
    protected abstract byte[] WriteProbe();

    /// <summary>The datagram that asks for a mapping, or (no lease) for its removal.</summary>
    protected abstract byte[] WriteMap(PortToMap port, IPEndPoint? external, TimeSpan lease);

    protected bool IsServer(IPEndPoint from) => from.Port == _server.Port && from.Address.Equals(_server.Address);

    /// <summary>The router answered in this protocol.</summary>
    /// <param name="epochFits">False when the router has lost its mappings since its last answer.</param>
    /// <param name="now">Monotonic time.</param>
    protected void OnAnswered(bool epochFits, TimeSpan now)
    {
        _awaits = false;
        _probes = 0;
        _probeAt = now + Options.CheckInterval;
        if (!IsFound)
        {
            IsFound = _wasFound = true;
            Emit(new ClientOutput.Found());
        }

        if (!epochFits)
        {
            AskAllAnew(now);
        }
    }

    /// <summary>The router says that it does not speak this protocol.</summary>
    protected void OnUnsupported(string why, TimeSpan now)
    {
        Problem = why;
        _awaits = false;
        _probes = 0;
        _probeAt = now + Options.RestWhenSilent;
        GoneIfFound(why);
    }

    /// <summary>The slot that an answer is about, or null.</summary>
    protected MappingSlot? Find(Func<MappingSlot, bool> isAbout) => _slots.Values.FirstOrDefault(isAbout);

    /// <summary>An answer that may be about a removal; true when it was.</summary>
    protected bool OnRemoved(Func<PortToMap, bool> isAbout) => _releasing.RemoveAll(slot => isAbout(slot.Port)) > 0;

    protected void OnGranted(MappingSlot slot, IPEndPoint external, TimeSpan lease, TimeSpan now)
    {
        var bounded = Bounded(lease);
        slot.External = external;
        slot.Tries = 0;
        slot.Expires = now + bounded;
        slot.NextSend = now + (bounded / 2);
        Emit(new ClientOutput.Mapped(slot.Port, external, bounded));
    }

    protected void OnRefused(MappingSlot slot, string reason, TimeSpan retryIn)
    {
        _slots.Remove(slot.Port);
        Emit(new ClientOutput.Refused(slot.Port, reason, retryIn));
    }

    private static TimeSpan Doubled(TimeSpan first, int times) => first * (1L << Math.Min(times, 16));

    private bool AskAllAnew(TimeSpan now)
    {
        if (_anewAt is { } last && now - last < AnewAtMostEvery)
        {
            return false;
        }

        _anewAt = now;
        foreach (var slot in _slots.Values)
        {
            slot.Tries = 0;
            Ask(slot, now);
        }

        return true;
    }

    private void ProbeAnew(TimeSpan now)
    {
        _probes = 0;
        Probe(now);
    }

    private void Probe(TimeSpan now)
    {
        _awaits = true;
        _probeAt = now + Doubled(Options.FirstRetry, _probes++);
        Emit(new ClientOutput.Send(WriteProbe(), _server));
    }

    private void OnProbeDeadline(TimeSpan now)
    {
        if (!_awaits)
        {
            ProbeAnew(now);
            return;
        }

        if (_probes < (IsFound ? Options.Tries : Options.DiscoveryTries))
        {
            Probe(now);
            return;
        }

        if (GoneIfFound("the router no longer answers"))
        {
            ProbeAnew(now);
            return;
        }

        _awaits = false;
        _probeAt = now + (_wasFound ? Options.CheckInterval : Options.RestWhenSilent);
    }

    private bool GoneIfFound(string reason)
    {
        if (!IsFound)
        {
            return false;
        }

        IsFound = false;
        _slots.Clear();
        _releasing.Clear();
        Report(null);
        Emit(new ClientOutput.Gone(reason));
        return true;
    }

    private void OnSlotDeadline(MappingSlot slot, TimeSpan now)
    {
        if (slot.Expires <= now)
        {
            slot.External = null;
            slot.Expires = null;
            slot.Tries = 0;
            Emit(new ClientOutput.Lost(slot.Port, "its lease ended before the router renewed it"));
        }

        if (slot.Tries < Options.Tries)
        {
            Ask(slot, now);
        }
        else if (slot.Expires is { } expires)
        {
            // RFC 6887 section 11.2.1: again at half of what is left, and again; never busier than once in four seconds.
            var half = (expires - now) / 2;
            slot.Tries = 0;
            slot.NextSend = now + (half > TimeSpan.FromSeconds(4) ? half : TimeSpan.FromSeconds(4));
        }
        else
        {
            OnRefused(slot, "the router did not answer the request for a mapping", Options.RetryAfterPassing);
        }
    }

    private void Ask(MappingSlot slot, TimeSpan now)
    {
        slot.NextSend = now + Doubled(Options.FirstRetry, slot.Tries++);
        Emit(new ClientOutput.Send(WriteMap(slot.Port, slot.External, Options.Lease), _server));
    }

    private void SendRemoval(MappingSlot slot, TimeSpan now)
    {
        if (slot.Tries >= Options.Tries)
        {
            _releasing.Remove(slot);
            return;
        }

        slot.NextSend = now + Doubled(Options.FirstRetry, slot.Tries++);
        Emit(new ClientOutput.Send(WriteMap(slot.Port, slot.External, TimeSpan.Zero), _server));
    }
}

/// <summary>One mapping that a <see cref="PortControlClient"/> keeps or gives back.</summary>
internal sealed class MappingSlot(PortToMap port)
{
    public PortToMap Port { get; } = port;

    /// <summary>Where the router lets others in; null while it has not said.</summary>
    public IPEndPoint? External { get; set; }

    /// <summary>When the lease ends; null without one.</summary>
    public TimeSpan? Expires { get; set; }

    /// <summary>How often the request that runs was sent.</summary>
    public int Tries { get; set; }

    /// <summary>When the request is sent next.</summary>
    public TimeSpan NextSend { get; set; }

    public TimeSpan NextDeadline => Expires < NextSend ? Expires.Value : NextSend;
}
