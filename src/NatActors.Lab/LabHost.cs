using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NatActors.Lab.Kernel;
using NatActors.Lab.Nat;

namespace NatActors.Lab;

/// <summary>A host of a laboratory: a network namespace with one interface, <c>eth0</c>, and loopback.</summary>
public sealed class LabHost
{
    internal const string Device = "eth0";

    private readonly NetNamespace _netns;
    private readonly ProcessList _processes = new();
    private IReadOnlyList<Subnet> _subnets = [];

    internal LabHost(string name, NetNamespace netns, LabRouter? router)
    {
        Name = name;
        _netns = netns;
        Router = router;
    }

    /// <summary>Its name in the plan.</summary>
    public string Name { get; }

    /// <summary>The name of its network namespace, for <c>ip netns exec</c>.</summary>
    public string Namespace => _netns.Name;

    /// <summary>The router it stands behind; null for a public host.</summary>
    public LabRouter? Router { get; }

    /// <summary>
    /// Its addresses now, IPv4 first, without loopback and link-local ones; a router's change of kind or number changes them.
    /// </summary>
    public IReadOnlyList<IPAddress> Addresses { get; private set; } = [];

    /// <summary>Its IPv4 address now.</summary>
    /// <exception cref="LabException">It has none.</exception>
    public IPAddress Address => Find(AddressFamily.InterNetwork) ?? throw new LabException($"{Name} has no IPv4 address");

    /// <summary>Its IPv6 address now.</summary>
    /// <exception cref="LabException">It has none: its router's kind gives IPv4 only.</exception>
    public IPAddress AddressV6 => Find(AddressFamily.InterNetworkV6) ?? throw new LabException($"{Name} has no IPv6 address");

    internal (NetNamespace Netns, string Device) FarEnd { get; set; }

    /// <summary>
    /// Runs a delegate on a thread of its own inside the host and waits for it. Sockets made there belong to the host for good and may be
    /// used from anywhere afterwards. The delegate must not start tasks, threads or asynchronous work: those would live in the host too.
    /// </summary>
    /// <param name="inside">What to run.</param>
    /// <returns>What the delegate returned; what it threw is thrown here.</returns>
    public T RunInside<T>(Func<T> inside) => _netns.Run(inside);

    /// <inheritdoc cref="RunInside{T}(Func{T})" />
    public void RunInside(Action inside) => _netns.Run(() =>
    {
        inside();
        return true;
    });

    /// <summary>Makes a socket that belongs to the host; a node's socket factory can be just this method.</summary>
    /// <param name="family">Address family.</param>
    /// <param name="type">Socket type.</param>
    /// <param name="protocol">Protocol.</param>
    public Socket CreateSocket(AddressFamily family, SocketType type, ProtocolType protocol) => _netns.CreateSocket(family, type, protocol);

    /// <summary>Starts a program inside the host, its input and output captured. The laboratory kills it when it goes down.</summary>
    /// <param name="program">File name, working directory, environment and <see cref="ProcessStartInfo.ArgumentList"/> are used.</param>
    public LabProcess Start(ProcessStartInfo program) => _processes.Start(Namespace, program);

    /// <summary>Starts a program inside the host, its input and output captured. The laboratory kills it when it goes down.</summary>
    /// <param name="file">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    public LabProcess Start(string file, params IEnumerable<string> arguments) => Start(new ProcessStartInfo(file, arguments));

    /// <summary>Runs a program inside the host to its end.</summary>
    /// <param name="file">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    public async Task<LabRun> RunAsync(string file, params IEnumerable<string> arguments)
    {
        await using var process = Start(file, arguments);
        process.Input.Close();
        return await process.WaitForExitAsync().ConfigureAwait(false);
    }

    /// <summary>Pulls the host's cable: it keeps its addresses, its interface loses its carrier, every packet is lost.</summary>
    public void CableOut() => Tool.Ip(FarEnd.Netns.Name, [$"link set {FarEnd.Device} down"]);

    /// <summary>Plugs the cable in again.</summary>
    public void CableIn() => Tool.Ip(FarEnd.Netns.Name, [$"link set {FarEnd.Device} up"]);

    /// <summary>Pulls the host's cable and plugs it in again.</summary>
    /// <param name="outage">How long it is out.</param>
    public async Task CableOutAsync(TimeSpan outage)
    {
        CableOut();
        await Task.Delay(outage).ConfigureAwait(false);
        CableIn();
    }

    /// <summary>Switches the host's interface off: it has neither addresses nor routes until <see cref="InterfaceUp"/>.</summary>
    public void InterfaceDown()
    {
        Tool.Ip(Namespace, [$"addr flush dev {Device}", $"link set {Device} down"]);
        Addresses = [];
    }

    /// <summary>Switches the interface on again, with the addresses that it had.</summary>
    public void InterfaceUp()
    {
        Tool.Ip(Namespace, [$"link set {Device} up"]);
        SetAddresses(_subnets);
    }

    /// <summary>Gives the host other addresses in the same networks, as a DHCP server may; the old ones are gone.</summary>
    /// <param name="last">The last byte of the new ones, 2 to 254, which no other host of the network may have.</param>
    public void ChangeAddress(int last) => SetAddresses([.. _subnets.Select(subnet => subnet with { Address = subnet.At(last) })]);

    /// <summary>
    /// Has the host send by another gateway: the same router, by another of its addresses, that it is given for that. The old one stays as well.
    /// </summary>
    /// <param name="last">The last byte of the gateway's address, 2 to 254, which no host of the network may have.</param>
    public void ChangeGateway(int last)
    {
        var device = Router is null ? FarEnd.Device : RuleSet.LanDevice;
        Tool.Ip(FarEnd.Netns.Name, _subnets.Select(subnet => $"addr add {subnet.At(last)}/{subnet.PrefixLength} dev {device}"));
        Tool.Ip(Namespace, _subnets.Select(subnet => $"route replace default via {subnet.At(last)}"));
    }

    internal void SetAddresses(IReadOnlyList<Subnet> subnets)
    {
        _subnets = subnets;
        var commands = new List<string> { $"addr flush dev {Device} scope global" };
        foreach (var subnet in subnets)
        {
            commands.Add($"addr add {subnet.Address}/{subnet.PrefixLength} dev {Device}");
            commands.Add($"route replace default via {subnet.Gateway}");
        }

        Tool.Ip(Namespace, commands);
        Addresses = [.. subnets.Select(subnet => subnet.Address)];
    }

    internal void SetUp() => Tool.Ip(Namespace, ["link set lo up", $"link set {Device} up"]);

    internal ValueTask KillProcessesAsync() => _processes.KillAsync();

    private IPAddress? Find(AddressFamily family) => Addresses.FirstOrDefault(address => address.AddressFamily == family);
}
