using System.Text.Json.Nodes;

namespace NatActors.Testing.Js;

/// <summary>A connection as the js peer sees it.</summary>
/// <param name="Peer">The other side.</param>
/// <param name="Address">The other side's address.</param>
/// <param name="Inbound">Whether the other side dialed.</param>
/// <param name="Relayed">Whether it runs through a relay.</param>
/// <param name="Limited">Whether the relay limits its bytes or its time.</param>
public sealed record JsConnection(string Peer, string Address, bool Inbound, bool Relayed, bool Limited)
{
    internal static JsConnection Read(JsonNode node) => new(
        node["peer"]!.GetValue<string>(),
        node["addr"]!.GetValue<string>(),
        node["direction"]!.GetValue<string>() == "inbound",
        node["relayed"]!.GetValue<bool>(),
        node["limited"]!.GetValue<bool>());
}
