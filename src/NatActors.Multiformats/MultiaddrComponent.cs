namespace NatActors.Multiformats;

/// <summary>One step of a multiaddr: its protocol and, for most, a value.</summary>
/// <param name="Protocol">The kind of component.</param>
/// <param name="Value">The value's bytes without any length prefix; empty when the protocol has none.</param>
/// <param name="Text">The value's canonical text; empty when the protocol has none.</param>
public readonly record struct MultiaddrComponent(MultiaddrProtocol Protocol, ReadOnlyMemory<byte> Value, string Text)
{
    /// <summary>As it stands in a multiaddr, with the leading slash.</summary>
    public override string ToString() => Protocol.HasValue ? $"/{Protocol.Name}/{Text}" : $"/{Protocol.Name}";
}
