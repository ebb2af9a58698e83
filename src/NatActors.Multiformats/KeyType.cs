namespace NatActors.Multiformats;

/// <summary>Kinds of identity keys, numbered as in the wire form (libp2p/specs peer-ids).</summary>
public enum KeyType
{
    /// <summary>RSA, 2048 to 8192 bits, PKCS#1 v1.5 over SHA-256.</summary>
    Rsa = 0,

    /// <summary>Ed25519, the usual one.</summary>
    Ed25519 = 1,

    /// <summary>ECDSA over secp256k1 and SHA-256.</summary>
    Secp256k1 = 2,

    /// <summary>ECDSA over P-256 and SHA-256.</summary>
    Ecdsa = 3,
}
