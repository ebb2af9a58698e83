using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NatActors.Lab.Kernel;
using NatActors.Lab.Nat;

namespace NatActors.Lab;

/// <summary>
/// A router of a laboratory: a network namespace with a cable to the core (<c>wan</c>) and a bridge to the hosts behind it (<c>lan</c>).
/// Its kind and number can change while hosts talk through it. Not for several threads at once.
/// </summary>
public sealed class LabRouter
{
    private static readonly string[] MakeLan =
        ["link set lo up", $"link add {RuleSet.LanDevice} type bridge", $"link set {RuleSet.LanDevice} up"];

    private readonly Laboratory _lab;
    private readonly NetNamespace _netns;
    private readonly LabRouter? _behind;
    private readonly bool _isCarrier;
    private readonly int _index;
    private readonly List<LabHost> _hosts = [];
    private readonly List<LabRouter> _inner = [];
    private readonly List<PortForwarding> _forwardings = [];
    private readonly ProcessList _processes = new();
    private LabRouter? _carrier;
    private LabRouter? _attachedTo;
    private bool _isAttached;
    private int _renumbered;

    internal LabRouter(Laboratory lab, string name, int index, LabRouter? behind, bool isCarrier)
    {
        _lab = lab;
        _netns = lab.NewNamespace(name);
        _behind = behind;
        _isCarrier = isCarrier;
        _index = index;
        Name = name;
    }

    /// <summary>Its name in the plan.</summary>
    public string Name { get; }

    /// <summary>The name of its network namespace.</summary>
    public string Namespace => _netns.Name;

    /// <summary>What it does now.</summary>
    public RouterKind Kind { get; private set; }

    /// <summary>Its own outer IPv4 address; of a router behind a carrier's one of the shared range 100.127.0.0/16.</summary>
    public IPAddress WanAddress { get; private set; } = IPAddress.None;

    /// <summary>The IPv4 address by which the world knows flows that a NAT sends: its own, or its carrier's.</summary>
    public IPAddress PublicAddress => _attachedTo is { } outer ? outer.PublicAddress : WanAddress;

    /// <summary>Its own inner IPv4 address, which the hosts behind it send by.</summary>
    public IPAddress LanAddress => Lan.Gateway;

    /// <summary>Its own inner IPv6 address, where its kind brings IPv6.</summary>
    public IPAddress LanAddressV6 => AddressPlan.LanV6(_index, _renumbered).Gateway;

    private Subnet Lan => _isCarrier ? AddressPlan.Carrier(_index) : AddressPlan.Lan(_index, Kind.IsRouted, _renumbered);

    private bool HasIpv6 => Kind.HasIpv6 && _attachedTo is null && !_isCarrier;

    private NetNamespace FarNamespace => _attachedTo is { } outer ? outer._netns : _lab.Core;

    private string FarDevice => (_attachedTo is null ? "c-" : "p-") + Name;

    /// <summary>Makes it another type, with other modifiers: its mappings are forgotten, manual port forwards stay.</summary>
    /// <remarks>
    /// Between NAT types the hosts behind it keep their addresses. Between routed and NAT types they get others: routed ones are public.
    /// </remarks>
    /// <param name="kind">What it shall be.</param>
    /// <exception cref="ArgumentException">The kind does not fit where it stands.</exception>
    public void SetKind(RouterKind kind)
    {
        if (_behind is not null && (kind.IsRouted || kind.HasCarrier))
        {
            throw new ArgumentException($"{Name} stands behind {_behind.Name}: it must translate, without its own carrier", nameof(kind));
        }

        if (kind.HasCarrier && kind.Has(RouterModifiers.Ipv6))
        {
            throw new ArgumentException("a router behind a carrier's brings no IPv6 in this laboratory", nameof(kind));
        }

        Kind = kind;
        ReattachWhereNeeded();
        NumberHosts();
        Reload();
        if (_carrier is not null && kind.HasCarrier)
        {
            var type = kind.Type == RouterType.CgnatSym ? RouterType.Symmetric : RouterType.PortRestricted;
            _carrier.Kind = new RouterKind(type, kind.Modifiers);
            _carrier.Reload();
        }

        _lab.Record();
    }

    /// <summary>Forgets every mapping, as a router that was switched off and on.</summary>
    /// <param name="pickUpMidstream">
    /// True (default, as Linux does): a packet of an old TCP connection from inside opens a mapping again. False: the router drops it
    /// (or refuses it, with <see cref="RouterModifiers.Rst"/>), until its kind is set anew.
    /// </param>
    public void ForgetMappings(bool pickUpMidstream = true)
    {
        _netns.SetSwitches([Switches.PickUpMidstream(pickUpMidstream)]);
        ConnectionTracking.Flush(_netns);
        if (Kind.HasCarrier)
        {
            _carrier?.ForgetMappings(pickUpMidstream);
        }
    }

    /// <summary>
    /// Forwards a port of the outer address to a host behind it, TCP and UDP, whatever the NAT type; a carrier's router does not know.
    /// </summary>
    /// <param name="port">The outer port, 1 to 65535.</param>
    /// <param name="host">A host behind this router.</param>
    /// <param name="hostPort">Its port; the outer one where 0.</param>
    public void Forward(int port, LabHost host, int hostPort = 0)
    {
        _forwardings.RemoveAll(forwarding => forwarding.Port == port);
        _forwardings.Add(new PortForwarding(port, host.Address, hostPort == 0 ? port : hostPort));
        LoadRules();
    }

    /// <summary>Removes a port forward that <see cref="Forward"/> set; flows that came by it go on.</summary>
    /// <param name="port">The outer port.</param>
    public void Unforward(int port)
    {
        _forwardings.RemoveAll(forwarding => forwarding.Port == port);
        LoadRules();
    }

    /// <summary>
    /// Gives it another outer address, as carriers do over night, and forgets its mappings. Hosts behind a routed type get another
    /// public network instead.
    /// </summary>
    public void Renumber()
    {
        if (_isAttached && _attachedTo is null)
        {
            _renumbered++;
            Detach();
            Attach(null);
        }
        else if (Kind.HasCarrier)
        {
            _carrier?.Renumber();
        }

        NumberHosts();
        Reload();
        _lab.Record();
    }

    /// <summary>
    /// Starts a program on the router, its input and output captured. The laboratory kills it when it goes down. A program that maps ports
    /// finds chains for its rules in the table <c>lab</c> of the family <c>inet</c>, under the names that miniupnpd gives them.
    /// </summary>
    /// <param name="file">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    public LabProcess Start(string file, params IEnumerable<string> arguments) =>
        _processes.Start(Namespace, new ProcessStartInfo(file, arguments));

    /// <summary>Makes a socket that belongs to the router.</summary>
    /// <param name="family">Address family.</param>
    /// <param name="type">Socket type.</param>
    /// <param name="protocol">Protocol.</param>
    public Socket CreateSocket(AddressFamily family, SocketType type, ProtocolType protocol) => _netns.CreateSocket(family, type, protocol);

    /// <summary>Pulls its outer cable: nothing passes, mappings and addresses stay.</summary>
    public void CableOut() => Tool.Ip(FarNamespace.Name, [$"link set {FarDevice} down"]);

    /// <summary>Plugs its outer cable in again.</summary>
    public void CableIn() => Tool.Ip(FarNamespace.Name, [$"link set {FarDevice} up", .. _attachedTo is null ? RoutesOfCore() : []]);

    /// <summary>Pulls its outer cable and plugs it in again.</summary>
    /// <param name="outage">How long it is out.</param>
    public async Task CableOutAsync(TimeSpan outage)
    {
        CableOut();
        await Task.Delay(outage).ConfigureAwait(false);
        CableIn();
    }

    /// <summary>Switches it off and on again: both sides are without a link meanwhile, its mappings are gone afterwards.</summary>
    /// <param name="outage">How long it is off.</param>
    public async Task RestartAsync(TimeSpan outage)
    {
        CableOut();
        _hosts.ForEach(host => host.CableOut());
        ForgetMappings();
        await Task.Delay(outage).ConfigureAwait(false);
        _hosts.ForEach(host => host.CableIn());
        CableIn();
    }

    internal ValueTask KillProcessesAsync() => _processes.KillAsync();

    internal void SetUp(RouterKind kind, IEnumerable<LabHost> hosts)
    {
        _netns.SetSwitches(Switches.Forwarding);
        _netns.SetSwitchesThatExist(Switches.PlainSwitching);
        Tool.Ip(Namespace, MakeLan);
        foreach (var host in hosts)
        {
            Adopt(host);
        }

        SetKind(kind);
    }

    private void Adopt(LabHost host)
    {
        var port = "p-" + host.Name;
        Tool.Ip(null, [$"link add {LabHost.Device} netns {host.Namespace} type veth peer name {port} netns {Namespace}"]);
        Tool.Ip(Namespace, [$"link set {port} master {RuleSet.LanDevice}", $"link set {port} up"]);
        host.FarEnd = (_netns, port);
        host.SetUp();
        _hosts.Add(host);
    }

    private void ReattachWhereNeeded()
    {
        if (Kind.HasCarrier && _carrier is null)
        {
            _carrier = new LabRouter(_lab, Name + "isp", _index, null, isCarrier: true);
            _carrier.Kind = RouterType.PortRestricted;
            Laboratory.MakeNamespaces([_carrier.Namespace]);
            _carrier._netns.SetSwitches(Switches.Forwarding);
            var gateway = $"addr add {_carrier.Lan.Gateway}/{_carrier.Lan.PrefixLength} dev {RuleSet.LanDevice}";
            Tool.Ip(_carrier.Namespace, [.. MakeLan, gateway]);
        }

        var wanted = Kind.HasCarrier ? _carrier : _behind;
        if (_isAttached && _attachedTo == wanted)
        {
            return;
        }

        Detach();
        _carrier?.Detach();
        if (Kind.HasCarrier)
        {
            _carrier!._renumbered = _renumbered;
            _carrier.Attach(null);
        }

        Attach(wanted);
    }

    private void Detach()
    {
        if (_isAttached)
        {
            Tool.Ip(Namespace, [$"link del {RuleSet.WanDevice}"]);
            _attachedTo?._inner.Remove(this);
            _isAttached = false;
        }
    }

    /// <summary>Cables it to the core (null) or into the network of another router.</summary>
    private void Attach(LabRouter? outer)
    {
        _attachedTo = outer;
        _isAttached = true;
        Tool.Ip(null, [$"link add {RuleSet.WanDevice} netns {Namespace} type veth peer name {FarDevice} netns {FarNamespace.Name}"]);
        Subnet wan;
        if (outer is null)
        {
            wan = AddressPlan.RouterWan(_index, _renumbered);
            var six = AddressPlan.RouterWanV6(_index);
            var gateways = new[] { wan, six }.Select(subnet => $"addr add {subnet.Gateway}/{subnet.PrefixLength} dev {FarDevice}");
            Tool.Ip(FarNamespace.Name, [.. gateways, $"link set {FarDevice} up", .. RoutesOfCore()]);
            Number(wan, six);
        }
        else
        {
            var last = outer._isCarrier ? AddressPlan.HostByte(0) : AddressPlan.InnerRouterByte(outer._inner.Count);
            wan = outer.Lan with { Address = outer.Lan.At(last) };
            outer._inner.Add(this);
            Tool.Ip(FarNamespace.Name, [$"link set {FarDevice} master {RuleSet.LanDevice}", $"link set {FarDevice} up"]);
            Number(wan);
            outer.LoadRules();
        }

        WanAddress = wan.Address;
    }

    private void Number(params Subnet[] subnets)
    {
        var addresses = subnets.Select(subnet => $"addr add {subnet.Address}/{subnet.PrefixLength} dev {RuleSet.WanDevice}");
        var routes = subnets.Select(subnet => $"route replace default via {subnet.Gateway}");
        Tool.Ip(Namespace, [.. addresses, $"link set {RuleSet.WanDevice} up", .. routes]);
    }

    /// <summary>The core's ways to the public networks behind this router; a cable that was out has lost them.</summary>
    private string[] RoutesOfCore()
    {
        if (_isCarrier)
        {
            return [];
        }

        var (lan, wan) = (AddressPlan.Lan(_index, true, _renumbered), AddressPlan.RouterWan(_index, _renumbered));
        var (lanV6, wanV6) = (AddressPlan.LanV6(_index, _renumbered), AddressPlan.RouterWanV6(_index));
        return
        [
            $"route replace {lan.Network} via {wan.Address} dev {FarDevice}",
            $"route replace {lanV6.Network} via {wanV6.Address} dev {FarDevice}",
        ];
    }

    /// <summary>Gives the hosts behind it the addresses that its kind calls for, where they have others.</summary>
    private void NumberHosts()
    {
        List<Subnet> subnets = [];
        if (Kind.HasIpv4)
        {
            subnets.Add(Lan);
        }

        if (HasIpv6)
        {
            subnets.Add(AddressPlan.LanV6(_index, _renumbered));
        }

        var wanted = _hosts
            .Select((_, i) => subnets.ConvertAll(subnet => subnet with { Address = subnet.At(AddressPlan.HostByte(i)) }))
            .ToList();
        var areRight = _hosts.Zip(wanted, (host, addresses) => host.Addresses.SequenceEqual(addresses.Select(subnet => subnet.Address)));
        if (_hosts.Count > 0 && areRight.All(isRight => isRight))
        {
            return;
        }

        var gateways = subnets.Select(subnet => $"addr add {subnet.Gateway}/{subnet.PrefixLength} dev {RuleSet.LanDevice}");
        Tool.Ip(Namespace, [$"addr flush dev {RuleSet.LanDevice} scope global", .. gateways]);
        foreach (var (host, addresses) in _hosts.Zip(wanted))
        {
            host.SetAddresses(addresses);
        }
    }

    private void Reload()
    {
        _netns.SetSwitches([.. Switches.MappingLifetimes(Kind.Has(RouterModifiers.Short)), Switches.PickUpMidstream(true)]);
        LoadRules();
        ConnectionTracking.Flush(_netns);
    }

    private void LoadRules()
    {
        // A router before a carrier's does what a plain home router does; the carrier's own kind was set from the same modifiers.
        var kind = Kind.HasCarrier ? new RouterKind(RouterType.PortRestricted, Kind.Modifiers) : Kind;
        var first = kind.IsRouted ? null : _hosts.FirstOrDefault()?.Address ?? _inner.FirstOrDefault()?.WanAddress;
        Tool.Nft(Namespace, RuleSet.Write(new RuleInput(kind, WanAddress, first, _forwardings)));
    }
}
