namespace NatActors.Multiformats.Crypto;

/// <summary>OpenSSL's libcrypto is missing or refused something that is not a peer's fault.</summary>
public sealed class CryptoUnavailableException : Exception
{
    /// <summary>Makes one with one line for a person.</summary>
    public CryptoUnavailableException(string message)
        : base(message)
    {
    }
}
