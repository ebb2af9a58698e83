using System.Buffers.Binary;
using System.Net;

namespace NatActors.Protocols.AutoNat;

/// <summary>
/// Which hosts this node has sent packets to. A filter by address (RFC 4787 section 5) lets in whoever was contacted, so only a host that
/// was not can show that there is none (libp2p/specs issue 714).
/// </summary>
/// <remarks>
/// Memory is bounded, and whatever is forgotten errs to one side: a host may be taken for contacted that was not, never the other way. The
/// first hosts are kept one by one; the others go into a Bloom filter, which knows no false "never". What an earlier process on this machine
/// contacted is not known here.
/// </remarks>
public sealed class ContactedHosts
{
    /// <summary>Hosts kept one by one. Ours: more than a node has connections; 200 KiB at most.</summary>
    public const int MaxExact = 4096;

    /// <summary>Accepted connections remembered by their end point. Ours: as many as may stand between accept and upgrade, four times over.</summary>
    public const int MaxArrivals = 1024;

    /// <summary>Bits of the filter, 128 KiB, made when it is first needed: with 100,000 hosts one stranger in a hundred is taken for contacted.</summary>
    private const int FilterBits = 1 << 20;

    private const int FilterHashes = 4;

    private readonly ulong _salt;
    private readonly HashSet<IPAddress> _exact = [];
    private readonly Dictionary<IPEndPoint, Arrival> _arrivals = [];
    private readonly Queue<(IPEndPoint Remote, long Number)> _arrivalOrder = new();
    private readonly HashSet<IPEndPoint> _dialed = [];
    private readonly Queue<IPEndPoint> _dialedOrder = new();
    private ulong[]? _filter;

    /// <summary>Nobody contacted yet.</summary>
    /// <param name="salt">A random number, so that nobody can choose addresses that look contacted.</param>
    public ContactedHosts(ulong salt) => _salt = salt;

    /// <summary>The number of the last accepted connection; see <see cref="AcceptedSince"/>.</summary>
    public long Arrivals { get; private set; }

    /// <summary>A packet is about to go to that host. To be told before it does, or the answer may be faster.</summary>
    public void OnContact(IPEndPoint remote)
    {
        ArgumentNullException.ThrowIfNull(remote);
        var plain = Plain(remote);
        Remember(plain.Address);
        if (_dialed.Add(plain))
        {
            _dialedOrder.Enqueue(plain);
            if (_dialedOrder.Count > MaxExact)
            {
                _dialed.Remove(_dialedOrder.Dequeue());
            }
        }
    }

    /// <summary>
    /// A connection came in by a listener. The answer to it makes its host a contacted one from now on.
    /// </summary>
    /// <returns>True when the host had never been contacted before.</returns>
    public bool OnAccepted(IPEndPoint remote)
    {
        ArgumentNullException.ThrowIfNull(remote);
        var plain = Plain(remote);
        var stranger = !WasContacted(plain.Address);
        Remember(plain.Address);
        _arrivals[plain] = new Arrival(++Arrivals, stranger);
        _arrivalOrder.Enqueue((plain, Arrivals));
        while (_arrivalOrder.Count > MaxArrivals)
        {
            var (oldest, number) = _arrivalOrder.Dequeue();
            if (_arrivals.TryGetValue(oldest, out var known) && known.Number == number)
            {
                _arrivals.Remove(oldest);
            }
        }

        return stranger;
    }

    /// <summary>True when packets went to that host, or when that can no longer be excluded.</summary>
    public bool WasContacted(IPAddress host)
    {
        var plain = Plain(host);
        return _exact.Contains(plain) || (_filter is not null && IsInFilter(plain));
    }

    /// <summary>
    /// True when the connection from that end point is known to have come in while its host had never been contacted. False also when it is
    /// too long ago to be remembered.
    /// </summary>
    public bool CameAsStranger(IPEndPoint remote) => _arrivals.TryGetValue(Plain(remote), out var arrival) && arrival.Stranger;

    /// <summary>
    /// True when this node is known to have dialed that very end point. What comes from there says nothing even about other ports of that
    /// host (rust-libp2p issue 3900).
    /// </summary>
    public bool WasDialed(IPEndPoint remote) => _dialed.Contains(Plain(remote));

    /// <summary>True when a connection from that host is known to have come in after the one with that number.</summary>
    public bool AcceptedSince(IPAddress host, long number)
    {
        var plain = Plain(host);
        return _arrivals.Any(a => a.Value.Number > number && a.Key.Address.Equals(plain));
    }

    private static IPAddress Plain(IPAddress host)
    {
        if (host.IsIPv4MappedToIPv6)
        {
            return host.MapToIPv4();
        }

        // Without the zone, which is this machine's word and not the host's.
        Span<byte> bytes = stackalloc byte[16];
        host.TryWriteBytes(bytes, out var length);
        return new IPAddress(bytes[..length]);
    }

    private static IPEndPoint Plain(IPEndPoint remote) => new(Plain(remote.Address), remote.Port);

    private void Remember(IPAddress host)
    {
        if (_exact.Contains(host))
        {
            return;
        }

        if (_exact.Count < MaxExact)
        {
            _exact.Add(host);
            return;
        }

        _filter ??= new ulong[FilterBits / 64];
        var (first, step) = Hash(host);
        for (var i = 0; i < FilterHashes; i++)
        {
            var bit = Bit(first, step, i);
            _filter[bit / 64] |= 1UL << (bit % 64);
        }
    }

    private bool IsInFilter(IPAddress host)
    {
        var (first, step) = Hash(host);
        for (var i = 0; i < FilterHashes; i++)
        {
            var bit = Bit(first, step, i);
            if ((_filter![bit / 64] & (1UL << (bit % 64))) == 0)
            {
                return false;
            }
        }

        return true;
    }

    private static int Bit(ulong first, ulong step, int i) => (int)((first + ((ulong)i * step)) % FilterBits);

    private (ulong First, ulong Step) Hash(IPAddress host)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        host.TryWriteBytes(bytes, out var length);
        var first = Mix(_salt ^ (ulong)length);
        first = Mix(first ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        first = Mix(first ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));

        // Odd, so that no two of the bits coincide.
        return (first, Mix(first) | 1);
    }

    /// <summary>The finaliser of splitmix64 (Steele, Lea, Flood 2014): each bit in changes half of the bits out.</summary>
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    private readonly record struct Arrival(long Number, bool Stranger);
}
