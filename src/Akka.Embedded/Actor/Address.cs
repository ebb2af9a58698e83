using Akka.Util;

namespace Akka.Actor;

/// <summary>Where an actor system is: protocol, system name, and host and port when it can be reached from outside.</summary>
public sealed class Address : IEquatable<Address>, IComparable<Address>, ISurrogated, ICloneable
{
    /// <summary>An address that stands for every system.</summary>
    public static readonly Address AllSystems = new("akka", "all-systems");

    /// <summary>An address; without a host it is a local one.</summary>
    public Address(string protocol, string system, string? host = null, int? port = null)
    {
        Protocol = protocol;
        System = system;
        Host = host?.ToLowerInvariant();
        Port = port;
    }

    public string Protocol { get; }

    public string System { get; }

    public string? Host { get; }

    public int? Port { get; }

    /// <summary>Whether the address means something only inside this process.</summary>
    public bool HasLocalScope => string.IsNullOrEmpty(Host);

    /// <summary>Whether the address can be used from other processes.</summary>
    public bool HasGlobalScope => !HasLocalScope;

    public Address WithProtocol(string protocol) => new(protocol, System, Host, Port);

    public Address WithSystem(string system) => new(Protocol, system, Host, Port);

    public Address WithHost(string? host = null) => new(Protocol, System, host, Port);

    public Address WithPort(int? port = null) => new(Protocol, System, Host, port);

    public object Clone() => new Address(Protocol, System, Host, Port);

    /// <summary>The address without its protocol.</summary>
    public string HostPort() => ToString()[(Protocol.Length + "://".Length)..];

    public bool Equals(Address? other) =>
        other is not null && (ReferenceEquals(this, other)
            || (Protocol == other.Protocol && System == other.System && Host == other.Host && Port == other.Port));

    public override bool Equals(object? obj) => Equals(obj as Address);

    public override int GetHashCode() => HashCode.Combine(Protocol, System, Host, Port);

    public static bool operator ==(Address? left, Address? right) => Equals(left, right);

    public static bool operator !=(Address? left, Address? right) => !Equals(left, right);

    public int CompareTo(Address? other) => other is null ? 1 : string.CompareOrdinal(ToString(), other.ToString());

    public override string ToString() =>
        HasLocalScope ? $"{Protocol}://{System}" : Port is { } port ? $"{Protocol}://{System}@{Host}:{port}" : $"{Protocol}://{System}@{Host}";

    public ISurrogate ToSurrogate(ActorSystem system) => new AddressSurrogate(this);

    private sealed class AddressSurrogate(Address address) : ISurrogate
    {
        public ISurrogated FromSurrogate(ActorSystem system) => address;
    }
}
