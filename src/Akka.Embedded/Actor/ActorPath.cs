using System.Diagnostics.CodeAnalysis;
using System.Text;
using Akka.Util;

namespace Akka.Actor;

/// <summary>The name of an actor: an address and the names from the root down. Two paths are equal when their text is; the uid does not count.</summary>
public abstract class ActorPath : IEquatable<ActorPath>, IComparable<ActorPath>, ISurrogated
{
    /// <summary>What a name may be made of beside letters, digits and percent escapes.</summary>
    public static readonly string ValidSymbols = "\"-_.*$+:@&=,!~';()";

    private readonly ActorPath? _parent;
    private readonly Address? _address;

    protected ActorPath(Address address, string name)
    {
        _address = address;
        Name = name;
    }

    protected ActorPath(ActorPath parentPath, string name, long uid)
    {
        _parent = parentPath;
        Name = name;
        Uid = uid;
    }

    public string Name { get; }

    /// <summary>Tells apart two actors that had the same name one after the other; 0 when unknown.</summary>
    public long Uid { get; }

    /// <summary>The path above; the root's parent is the root.</summary>
    public ActorPath Parent => _parent ?? this;

    public ActorPath Root => _parent is null ? this : _parent.Root;

    public Address Address => _address ?? _parent!.Address;

    /// <summary>How many names stand below the root.</summary>
    public int Depth => _parent is null ? 0 : _parent.Depth + 1;

    /// <summary>The names from the root down.</summary>
    public IReadOnlyList<string> Elements
    {
        get
        {
            var names = new string[Depth];
            var at = this;
            for (var i = names.Length - 1; i >= 0; i--)
            {
                names[i] = at.Name;
                at = at.Parent;
            }

            return names;
        }
    }

    /// <summary>Whether <paramref name="s"/> can be the name of an actor.</summary>
    public static bool IsValidPathElement(string s)
    {
        if (string.IsNullOrEmpty(s) || s[0] == '$')
        {
            return false;
        }

        for (var i = 0; i < s.Length; i++)
        {
            var c = s[i];
            if (char.IsAsciiLetterOrDigit(c) || ValidSymbols.Contains(c, StringComparison.Ordinal))
            {
                continue;
            }

            if (c != '%' || i + 2 >= s.Length || !char.IsAsciiHexDigit(s[i + 1]) || !char.IsAsciiHexDigit(s[i + 2]))
            {
                return false;
            }

            i += 2;
        }

        return true;
    }

    /// <summary>Reads a path from its text; throws <see cref="UriFormatException"/> when it is none.</summary>
    public static ActorPath Parse(string path) =>
        TryParse(path, out var actorPath) ? actorPath : throw new UriFormatException($"Can not parse an ActorPath: {path}");

    /// <summary>Reads a path from its text.</summary>
    public static bool TryParse(string path, [NotNullWhen(true)] out ActorPath? actorPath)
    {
        actorPath = null;
        var scheme = path?.IndexOf("://", StringComparison.Ordinal) ?? -1;
        if (scheme <= 0)
        {
            return false;
        }

        var rest = path![(scheme + 3)..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var system = slash < 0 ? rest : rest[..slash];
        if (system.Length == 0)
        {
            return false;
        }

        actorPath = new RootActorPath(AddressOf(path[..scheme], system));
        return slash < 0 || TryParse(actorPath, rest[slash..], out actorPath);
    }

    /// <summary>Reads names below <paramref name="basePath"/>.</summary>
    public static bool TryParse(ActorPath basePath, string absoluteUri, [NotNullWhen(true)] out ActorPath? actorPath)
    {
        actorPath = basePath;
        foreach (var element in absoluteUri.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var hash = element.IndexOf('#', StringComparison.Ordinal);
            var name = hash < 0 ? element : element[..hash];
            var uid = hash >= 0 && long.TryParse(element.AsSpan(hash + 1), out var parsed) ? parsed : 0;
            actorPath = new ChildActorPath(actorPath, name, uid);
        }

        return true;
    }

    public static bool TryParse(ActorPath basePath, ReadOnlySpan<char> absoluteUri, [NotNullWhen(true)] out ActorPath? actorPath) =>
        TryParse(basePath, absoluteUri.ToString(), out actorPath);

    /// <summary>The path of a child called <paramref name="childName"/>.</summary>
    public ActorPath Child(string childName) => this / childName;

    public static ActorPath operator /(ActorPath path, string name)
    {
        var hash = name.IndexOf('#', StringComparison.Ordinal);
        return hash < 0 ? new ChildActorPath(path, name, 0) : new ChildActorPath(path, name[..hash], long.Parse(name.AsSpan(hash + 1)));
    }

    public static ActorPath operator /(ActorPath path, IEnumerable<string> name) => name.Aggregate(path, (at, next) => at / next);

    public static bool operator ==(ActorPath? left, ActorPath? right) => Equals(left, right);

    public static bool operator !=(ActorPath? left, ActorPath? right) => !Equals(left, right);

    /// <summary>The same path with another uid.</summary>
    public ActorPath WithUid(long uid) => _parent is null || uid == Uid ? this : new ChildActorPath(_parent, Name, uid);

    /// <summary>The path <paramref name="depth"/> names down from the root, or that many up when negative.</summary>
    public ActorPath ParentOf(int depth)
    {
        var at = this;
        for (var steps = depth >= 0 ? Depth - depth : -depth; steps > 0; steps--)
        {
            at = at.Parent;
        }

        return at;
    }

    public string ToStringWithoutAddress()
    {
        if (_parent is null)
        {
            return "/";
        }

        var text = new StringBuilder();
        AppendTo(text);
        return text.ToString();
    }

    public string ToStringWithAddress() => ToStringWithAddress(Address);

    public string ToStringWithAddress(Address address) => address + ToStringWithoutAddress();

    public string ToStringWithUid() => Uid == 0 ? ToStringWithAddress() : $"{ToStringWithAddress()}#{Uid}";

    public string ToSerializationFormat() => ToStringWithUid();

    public string ToSerializationFormatWithAddress(Address address) =>
        Uid == 0 ? ToStringWithAddress(address) : $"{ToStringWithAddress(address)}#{Uid}";

    public override string ToString() => ToStringWithAddress();

    public bool Equals(ActorPath? other)
    {
        var (left, right) = (this, other);
        while (right is not null)
        {
            if (ReferenceEquals(left, right))
            {
                return true;
            }

            if (left.Name != right.Name)
            {
                return false;
            }

            if (left._parent is null || right._parent is null)
            {
                return left._parent is null && right._parent is null && left.Address.Equals(right.Address);
            }

            (left, right) = (left._parent, right._parent);
        }

        return false;
    }

    public override bool Equals(object? obj) => Equals(obj as ActorPath);

    public override int GetHashCode()
    {
        var hash = _address?.GetHashCode() ?? 0;
        for (var at = this; at._parent is not null; at = at._parent)
        {
            hash = HashCode.Combine(hash, string.GetHashCode(at.Name, StringComparison.Ordinal));
        }

        return hash;
    }

    public int CompareTo(ActorPath? other) => other is null ? 1 : string.CompareOrdinal(ToString(), other.ToString());

    public ISurrogate ToSurrogate(ActorSystem system) => new PathSurrogate(ToSerializationFormat());

    private static Address AddressOf(string protocol, string system)
    {
        var at = system.IndexOf('@', StringComparison.Ordinal);
        if (at < 0)
        {
            return new Address(protocol, system);
        }

        var hostPort = system[(at + 1)..];
        var colon = hostPort.LastIndexOf(':');
        return colon >= 0 && int.TryParse(hostPort.AsSpan(colon + 1), out var port)
            ? new Address(protocol, system[..at], hostPort[..colon], port)
            : new Address(protocol, system[..at], hostPort);
    }

    private void AppendTo(StringBuilder text)
    {
        if (_parent is not null)
        {
            _parent.AppendTo(text);
            text.Append('/').Append(Name);
        }
    }

    private sealed class PathSurrogate(string path) : ISurrogate
    {
        public ISurrogated FromSurrogate(ActorSystem system) => Parse(path);
    }
}

/// <summary>The top of a tree of actors.</summary>
public sealed class RootActorPath(Address address, string name = "") : ActorPath(address, name);

/// <summary>A path below another.</summary>
public sealed class ChildActorPath(ActorPath parentPath, string name, long uid) : ActorPath(parentPath, name, uid);
