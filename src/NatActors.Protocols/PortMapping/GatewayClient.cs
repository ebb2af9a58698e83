using System.Net;

namespace NatActors.Protocols.PortMapping;

/// <summary>
/// The asking side of one mapping protocol at one router: finds out whether the router speaks it, and keeps the mappings that it is told to.
/// Time is an argument; <see cref="Take"/> hands out what it wants done.
/// </summary>
internal abstract class GatewayClient
{
    private readonly List<ClientOutput> _outputs = [];

    protected GatewayClient(GatewayLink link, PortMappingOptions options)
    {
        Link = link;
        Options = options;
    }

    /// <summary>The way to the router.</summary>
    public GatewayLink Link { get; }

    /// <summary>Which method this is.</summary>
    public abstract MappingMethod Method { get; }

    /// <summary>The name of the protocol in events.</summary>
    public abstract string Protocol { get; }

    /// <summary>True while the router speaks it.</summary>
    public bool IsFound { get; protected set; }

    /// <summary>What the router calls itself, cleaned; or empty.</summary>
    public string Product { get; protected set; } = "";

    /// <summary>The external address that the router reports, or null.</summary>
    public IPAddress? External { get; private set; }

    /// <summary>Why it is no use, in words for a person; or empty.</summary>
    public string Problem { get; protected set; } = "";

    /// <summary>When to call <see cref="OnDeadline"/>, or null.</summary>
    public abstract TimeSpan? NextDeadline { get; }

    /// <summary>True while something that was given back is not confirmed.</summary>
    public abstract bool IsReleasing { get; }

    protected PortMappingOptions Options { get; }

    /// <summary>What it wants done, once.</summary>
    public IReadOnlyList<ClientOutput> Take()
    {
        var outputs = _outputs.ToArray();
        _outputs.Clear();
        return outputs;
    }

    /// <summary>Starts to look for the router.</summary>
    public abstract void Start(TimeSpan now);

    /// <summary>A datagram came in by its socket.</summary>
    public abstract void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, TimeSpan now);

    /// <summary>An HTTP request is answered.</summary>
    public virtual void OnReply(GatewayReply reply, TimeSpan now)
    {
    }

    /// <summary>Time went by.</summary>
    public abstract void OnDeadline(TimeSpan now);

    /// <summary>Get and keep a mapping. Only while found.</summary>
    public abstract void Want(PortToMap port, TimeSpan now);

    /// <summary>Give a mapping back, or stop asking for it.</summary>
    public abstract void Release(PortToMap port, TimeSpan now);

    /// <summary>Something may have changed: look at once whether router and mappings still stand.</summary>
    public abstract void Recheck(TimeSpan now);

    protected void Emit(ClientOutput output) => _outputs.Add(output);

    protected void Report(IPAddress? external)
    {
        if (!Equals(external, External))
        {
            External = external;
            Emit(new ClientOutput.Reported(external));
        }
    }

    protected TimeSpan Bounded(TimeSpan lease) =>
        lease < Options.MinLease ? Options.MinLease : lease > Options.MaxLease ? Options.MaxLease : lease;

    protected static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) => a is null ? b : b is null || a < b ? a : b;
}
