namespace NatActors.Protocols.AutoNat;

/// <summary>The names of the protocols by which peers tell each other whether they can be dialed.</summary>
public static class AutoNatProtocol
{
    /// <summary>Version 1: client to server, one question and one answer (autonat-v1.md).</summary>
    public const string V1 = "/libp2p/autonat/1.0.0";

    /// <summary>Version 2: client to server, "dial one of these" (autonat-v2.md).</summary>
    public const string V2DialRequest = "/libp2p/autonat/2/dial-request";

    /// <summary>Version 2: server to client over the new connection, the nonce (autonat-v2.md).</summary>
    public const string V2DialBack = "/libp2p/autonat/2/dial-back";

    /// <summary>Ours: a server asks a partner on another IP address to dial back for it (src/README.md, "The dial-back partner protocol").</summary>
    public const string Partner = "/natactors/dialback/1.0.0";
}
