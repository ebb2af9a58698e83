using System.ComponentModel;
using System.Runtime.InteropServices;
using NatActors.Lab.Delay;
using NatActors.Lab.Kernel;

namespace NatActors.Lab;

/// <summary>
/// A small internet of Linux network namespaces on this machine: public hosts on cables into a routed core, hosts behind NATs of every
/// type, and a delay on every path through the core. No namespace has a link outside, and while it is up the machine itself sends the
/// addresses used nowhere. Several may be up side by side. Needs root (or a user namespace), iproute2 and nftables: ask
/// <see cref="LabAbility.Check"/> first. Disposing removes all of it, and so do Ctrl-C and SIGTERM.
/// </summary>
public sealed class Laboratory : IAsyncDisposable
{
    private const string CoreName = "core";
    private const int DelayDeviceQueue = 4000;
    private const string FromDelayDevice = "10";
    private const string LostAfterDelay = "15";
    private const string IntoDelayDevice = "20";
    private const string DelayTable = "100";

    private readonly Dictionary<string, LabHost> _hosts = [];
    private readonly Dictionary<string, LabRouter> _routers = [];
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly LabPlan _plan;
    private TunDelay? _delay;
    private readonly bool _isKept;
    private readonly Lazy<Task> _removal;

    private Laboratory(LabPlan plan, bool isKept)
    {
        _isKept = isKept;
        _removal = new Lazy<Task>(RemoveAsync);
        _plan = plan;
        Id = LabRegistry.NewId();
        Core = NewNamespace(CoreName);
    }

    /// <summary>Its name, unique on this machine; the names of its namespaces begin with it.</summary>
    public string Id { get; }

    /// <summary>All hosts, in the plan's order.</summary>
    public IEnumerable<LabHost> Hosts => _plan.Hosts.Select(host => _hosts[host.Name]);

    /// <summary>All routers, in the plan's order.</summary>
    public IEnumerable<LabRouter> Routers => _plan.Routers.Select(router => _routers[router.Name]);

    /// <summary>One way through the core. Zero where none was planned, or where there is a <see cref="DelayRefusal"/>.</summary>
    public TimeSpan PathDelay { get; private set; }

    /// <summary>Why there is no path delay though one was planned (the kernel's words); null where all is as planned.</summary>
    public string? DelayRefusal { get; private set; }

    internal NetNamespace Core { get; }

    /// <summary>Builds a laboratory; it takes a few tenths of a second.</summary>
    /// <param name="plan">What it consists of; R, S, T, U, A behind NA and B behind NB where null.</param>
    /// <exception cref="ArgumentException">The plan contradicts itself; the message names every problem.</exception>
    /// <exception cref="LabException">The machine does not allow it; nothing is left behind.</exception>
    public static Laboratory Create(LabPlan? plan = null) => Create(plan, isKept: false);

    internal static Laboratory Create(LabPlan? plan, bool isKept)
    {
        plan ??= new LabPlan();
        var problems = plan.Problems();
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", problems), nameof(plan));
        }

        var lab = new Laboratory(plan, isKept);
        lab.RemoveOnExit(plan.EndsOnSignals);
        try
        {
            LabRegistry.Enter(lab.Describe());
            lab.Build();
            lab.Record();
            return lab;
        }
        catch (Exception failure)
        {
            lab.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw failure is LabException ? failure : new LabException("the laboratory could not be built: " + failure.Message, failure);
        }
    }

    /// <summary>A host by its name in the plan.</summary>
    /// <param name="name">For example <c>A</c>.</param>
    public LabHost Host(string name) =>
        _hosts.TryGetValue(name, out var host) ? host : throw new ArgumentException($"no host {name}", nameof(name));

    /// <summary>A router by its name in the plan.</summary>
    /// <param name="name">For example <c>NA</c>.</param>
    public LabRouter Router(string name) =>
        _routers.TryGetValue(name, out var router) ? router : throw new ArgumentException($"no router {name}", nameof(name));

    /// <inheritdoc />
    public ValueTask DisposeAsync() => new(_removal.Value);

    internal NetNamespace NewNamespace(string name) => new($"{Id}-{name}");

    /// <summary>Makes namespaces, their switches set before any link is there: a link keeps those it came with.</summary>
    internal static void MakeNamespaces(IReadOnlyList<string> names)
    {
        Tool.Ip(null, names.Select(name => $"netns add {name}"));
        foreach (var name in names)
        {
            new NetNamespace(name).SetSwitches(Nat.Switches.Common);
        }
    }

    /// <summary>Writes down how things stand, for <c>lab list</c> and <c>lab exec</c> of other processes.</summary>
    internal void Record()
    {
        lock (_routers)
        {
            LabRegistry.Write(Describe());
        }
    }

    private void Build()
    {
        foreach (var (plan, i) in _plan.Routers.Select((plan, i) => (plan, i)))
        {
            var outer = plan.Behind is { } behind ? _routers[behind] : null;
            _routers[plan.Name] = new LabRouter(this, plan.Name, i, outer, isCarrier: false);
        }

        foreach (var plan in _plan.Hosts)
        {
            _hosts[plan.Name] = new LabHost(plan.Name, NewNamespace(plan.Name), plan.Behind is { } behind ? _routers[behind] : null);
        }

        MakeNamespaces([Core.Name, .. _hosts.Values.Select(host => host.Namespace), .. _routers.Values.Select(router => router.Namespace)]);
        Core.SetSwitches(Nat.Switches.Forwarding);
        Tool.Ip(Core.Name, ["link set lo up"]);
        StartDelay();
        CablePublicHosts();
        foreach (var plan in _plan.Routers)
        {
            var router = _routers[plan.Name];
            router.SetUp(plan.Kind, Hosts.Where(host => host.Router == router));
        }
    }

    private void CablePublicHosts()
    {
        var hosts = Hosts.Where(host => host.Router is null).ToList();
        Tool.Ip(null, hosts.Select(host =>
            $"link add {LabHost.Device} netns {host.Namespace} type veth peer name c-{host.Name} netns {Core.Name}"));
        var commands = new List<string>();
        foreach (var (host, i) in hosts.Select((host, i) => (host, i)))
        {
            Subnet[] subnets = [AddressPlan.PublicHost(i), AddressPlan.PublicHostV6(i)];
            commands.AddRange(subnets.Select(subnet => $"addr add {subnet.Gateway}/{subnet.PrefixLength} dev c-{host.Name}"));
            commands.Add($"link set c-{host.Name} up");
            host.FarEnd = (Core, $"c-{host.Name}");
            host.SetUp();
            host.SetAddresses(subnets);
        }

        Tool.Ip(Core.Name, commands);
    }

    private void StartDelay()
    {
        var delays = new DelayPlan(_plan.PathDelay);
        foreach (var (host, i) in _plan.Hosts.Where(host => host.Behind is null).Select((host, i) => (host, i)))
        {
            delays.Add(AddressPlan.PublicHost(i).Address, host.ExtraDelay);
            delays.Add(AddressPlan.PublicHostV6(i).Address, host.ExtraDelay);
        }

        foreach (var (router, i) in _plan.Routers.Select((router, i) => (router, i)))
        {
            delays.Add(AddressPlan.RouterWan(i, 0).Address, router.ExtraDelay);
            delays.Add(AddressPlan.RouterWanV6(i).Address, router.ExtraDelay);
        }

        if (delays.IsZero)
        {
            return;
        }

        try
        {
            _delay = TunDelay.Start(Core, delays);
            PathDelay = _plan.PathDelay;
        }
        catch (Win32Exception refusal)
        {
            DelayRefusal = refusal.Message;
            return;
        }

        RouteIntoDelay();
    }

    /// <summary>Whatever comes by a cable goes into the delay device; what comes out of the device goes to its cable.</summary>
    private void RouteIntoDelay()
    {
        string[] commands =
        [
            $"link set {TunDelay.DeviceName} txqueuelen {DelayDeviceQueue} up",
            $"route add default dev {TunDelay.DeviceName} table {DelayTable}",
            $"rule add iif {TunDelay.DeviceName} lookup main pref {FromDelayDevice}",

            // What the main table cannot route (a cable is out) is lost; without this it would circle in the device until the cable is in.
            $"rule add blackhole iif {TunDelay.DeviceName} pref {LostAfterDelay}",
            $"rule add lookup {DelayTable} pref {IntoDelayDevice}",
        ];
        Tool.Ip(Core.Name, commands);
        Tool.Run("ip", ["-n", Core.Name, "-6", "-batch", "-"], string.Join('\n', commands[1..]) + "\n", false);
    }

    internal LabRecord Describe() => new(
        Id,
        Environment.ProcessId,
        LabRegistry.StartOf(Environment.ProcessId) ?? 0,
        [.. _hosts.Values.Select(host =>
            new LabHostRecord(host.Name, host.Namespace, [.. host.Addresses.Select(address => address.ToString())], host.Router?.Name))],
        [.. _routers.Values.Select(router =>
            new LabRouterRecord(router.Name, router.Namespace, router.Kind.ToString(), router.PublicAddress.ToString()))],
        PathDelay.TotalMilliseconds,
        _isKept);

    /// <summary>Ctrl-C, SIGTERM and a lost terminal take the laboratory down before they take the process.</summary>
    private void RemoveOnExit(bool onSignals)
    {
        foreach (var signal in onSignals ? (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP] : [])
        {
            _signals.Add(PosixSignalRegistration.Create(signal, _ => RemoveNow()));
        }

        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    private void OnProcessExit(object? sender, EventArgs e) => RemoveNow();

    private void RemoveNow() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task RemoveAsync()
    {
        foreach (var host in _hosts.Values)
        {
            await host.KillProcessesAsync().ConfigureAwait(false);
        }

        foreach (var router in _routers.Values)
        {
            await router.KillProcessesAsync().ConfigureAwait(false);
        }

        if (_delay is not null)
        {
            await _delay.DisposeAsync().ConfigureAwait(false);
        }

        LabRegistry.Leave(Id);
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        _signals.ForEach(signal => signal.Dispose());
    }
}
