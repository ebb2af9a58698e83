using System.Globalization;

namespace NatActors.Lab.Nat;

/// <summary>A router's type with its modifiers, as a person writes it: <c>portrestricted+rst</c>, <c>portforward:4002</c>.</summary>
/// <param name="Type">Mapping and filtering.</param>
/// <param name="Modifiers">Further traits.</param>
public readonly record struct RouterKind(RouterType Type, RouterModifiers Modifiers = RouterModifiers.None)
{
    /// <summary>The port that <see cref="RouterType.PortForward"/> forwards where none is named: libp2p's habitual one.</summary>
    public const int DefaultForwardedPort = 4001;

    private static readonly Dictionary<string, RouterModifiers> ModifierNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["rst"] = RouterModifiers.Rst,
        ["udpblocked"] = RouterModifiers.UdpBlocked,
        ["short"] = RouterModifiers.Short,
        ["hairpin"] = RouterModifiers.Hairpin,
        ["ipv6"] = RouterModifiers.Ipv6,
        ["noipv4"] = RouterModifiers.NoIpv4,
    };

    /// <summary>The port that <see cref="RouterType.PortForward"/> forwards, TCP and UDP; other types ignore it. Default 4001.</summary>
    public int ForwardedPort { get; init; } = DefaultForwardedPort;

    /// <summary>True for the types without translation: the hosts behind have public addresses.</summary>
    public bool IsRouted => Type is RouterType.None or RouterType.Firewall;

    /// <summary>True for a router behind a carrier's.</summary>
    public bool HasCarrier => Type is RouterType.Cgnat or RouterType.CgnatSym;

    /// <summary>True where hosts behind the router get IPv4 addresses.</summary>
    public bool HasIpv4 => !Has(RouterModifiers.NoIpv4);

    /// <summary>True where hosts behind the router get IPv6 addresses.</summary>
    public bool HasIpv6 => IsRouted || Has(RouterModifiers.Ipv6);

    /// <summary>The kind of a bare type.</summary>
    /// <param name="type">The type.</param>
    public static implicit operator RouterKind(RouterType type) => new(type);

    /// <summary>Whether a modifier is set.</summary>
    /// <param name="modifier">The one asked for.</param>
    public bool Has(RouterModifiers modifier) => (Modifiers & modifier) != 0;

    /// <summary>The same type with modifiers added.</summary>
    /// <param name="added">What to add.</param>
    public RouterKind With(RouterModifiers added) => this with { Modifiers = Modifiers | added };

    /// <summary>Reads the written form: a type, <c>:PORT</c> for a port forward, then modifiers, each after <c>+</c> or <c>-</c>.</summary>
    /// <param name="text">For example <c>symmetric</c>, <c>portrestricted-rst</c>, <c>portforward:4002+hairpin</c>.</param>
    /// <param name="kind">The kind, where the text is right.</param>
    /// <returns>False for an unknown word, a bad port, or modifiers that do not fit the type.</returns>
    public static bool TryParse(string? text, out RouterKind kind)
    {
        kind = default;
        var words = (text ?? "").Split(['+', '-']);
        var head = words[0].Split(':');
        if (head[0].Length == 0 || !char.IsAsciiLetter(head[0][0]) || !Enum.TryParse<RouterType>(head[0], true, out var type))
        {
            return false;
        }

        var port = DefaultForwardedPort;
        var portFits = head.Length == 1
            || (head.Length == 2 && type == RouterType.PortForward
                && int.TryParse(head[1], NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= ushort.MaxValue);
        var modifiers = RouterModifiers.None;
        foreach (var word in words.Skip(1))
        {
            if (!ModifierNames.TryGetValue(word, out var modifier))
            {
                return false;
            }

            modifiers |= modifier;
        }

        kind = new RouterKind(type, modifiers) { ForwardedPort = port };
        return portFits && (kind.HasIpv4 || kind.IsRouted);
    }

    /// <summary>The written form, which <see cref="TryParse"/> reads back.</summary>
    public override string ToString()
    {
        var port = Type == RouterType.PortForward && ForwardedPort != DefaultForwardedPort
            ? ":" + ForwardedPort.ToString(CultureInfo.InvariantCulture)
            : "";
        var modifiers = Modifiers;
        var suffix = string.Concat(ModifierNames.Where(pair => (modifiers & pair.Value) != 0).Select(pair => "+" + pair.Key));
        return Type.ToString().ToLowerInvariant() + port + suffix;
    }
}
