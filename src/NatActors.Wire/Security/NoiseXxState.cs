using System.Security.Cryptography;
using NatActors.Multiformats;
using NatActors.Multiformats.Crypto;

namespace NatActors.Wire.Security;

/// <summary>Why a Noise message could not be read.</summary>
internal enum NoiseReadFailure
{
    None,
    TooShort,
    WeakKey,
    NotAuthentic,
}

/// <summary>Noise_XX_25519_ChaChaPoly_SHA256 (Noise specification sections 5.3 and 7.5), apart from what libp2p puts into its payloads.</summary>
internal sealed class NoiseXxState : IDisposable
{
    internal const int KeyLength = X25519.KeyLength;

    /// <summary>Messages of the pattern.</summary>
    internal const int MessageCount = 3;

    // -> e     <- e, ee, s, es     -> s, se
    private static readonly Token[][] Pattern =
    [
        [Token.E],
        [Token.E, Token.EE, Token.S, Token.ES],
        [Token.S, Token.SE],
    ];

    private readonly bool _initiator;
    private readonly NoiseSymmetricState _symmetric = new("Noise_XX_25519_ChaChaPoly_SHA256"u8);
    private readonly X25519KeyPair _static;
    private readonly X25519KeyPair _ephemeral;
    private readonly bool _ownsStatic;
    private readonly byte[] _remoteStatic = new byte[KeyLength];
    private readonly byte[] _remoteEphemeral = new byte[KeyLength];
    private int _message;

    /// <summary>Draws the static key, then the ephemeral one; both live for this handshake only.</summary>
    internal NoiseXxState(bool initiator, RandomSource random, ReadOnlySpan<byte> prologue)
        : this(initiator, X25519KeyPair.Generate(random), random, prologue)
    {
        _ownsStatic = true;
    }

    /// <summary>Draws the ephemeral key, which lives for this handshake only; the static one belongs to the caller.</summary>
    internal NoiseXxState(bool initiator, X25519KeyPair staticKey, RandomSource random, ReadOnlySpan<byte> prologue)
    {
        _initiator = initiator;
        _static = staticKey;
        _ephemeral = X25519KeyPair.Generate(random);
        _symmetric.MixHash(prologue);
    }

    private enum Token
    {
        E,
        S,
        EE,
        ES,
        SE,
    }

    /// <summary>True after the last message.</summary>
    internal bool IsComplete => _message == MessageCount;

    /// <summary>True when the next message is this side's.</summary>
    internal bool IsMyTurn => !IsComplete && (_message % 2 == 0) == _initiator;

    /// <summary>This side's static public key.</summary>
    internal ReadOnlySpan<byte> StaticPublicKey => _static.PublicKey;

    /// <summary>The other side's static public key, once its message has been read.</summary>
    internal ReadOnlySpan<byte> RemoteStaticPublicKey => _remoteStatic;

    /// <summary>The hash of the whole handshake.</summary>
    internal ReadOnlySpan<byte> HandshakeHash => _symmetric.Hash;

    /// <summary>
    /// Writes the next message with a payload. False when the key agreement gives nothing: the other side chose a weak key.
    /// </summary>
    internal bool TryWrite(ReadOnlySpan<byte> payload, Span<byte> destination, out int written)
    {
        written = 0;
        foreach (var token in Pattern[_message])
        {
            if (token is Token.E)
            {
                _ephemeral.PublicKey.CopyTo(destination[written..]);
                _symmetric.MixHash(_ephemeral.PublicKey);
                written += KeyLength;
            }
            else if (token is Token.S)
            {
                var length = KeyLength + _symmetric.Overhead;
                _symmetric.EncryptAndHash(_static.PublicKey, destination.Slice(written, length));
                written += length;
            }
            else if (!TryMixAgreement(token))
            {
                return false;
            }
        }

        var payloadLength = payload.Length + _symmetric.Overhead;
        _symmetric.EncryptAndHash(payload, destination.Slice(written, payloadLength));
        written += payloadLength;
        _message++;
        return true;
    }

    /// <summary>Reads the next message and gives its payload, for which the destination is long enough when it is as long as the message.</summary>
    internal NoiseReadFailure TryRead(ReadOnlySpan<byte> message, Span<byte> payload, out int written)
    {
        written = 0;
        var rest = message;
        foreach (var token in Pattern[_message])
        {
            var failure = token switch
            {
                Token.E => ReadEphemeral(ref rest),
                Token.S => ReadStatic(ref rest),
                _ => TryMixAgreement(token) ? NoiseReadFailure.None : NoiseReadFailure.WeakKey,
            };
            if (failure != NoiseReadFailure.None)
            {
                return failure;
            }
        }

        var length = rest.Length - _symmetric.Overhead;
        if (length < 0)
        {
            return NoiseReadFailure.TooShort;
        }

        if (!_symmetric.TryDecryptAndHash(rest, payload[..length]))
        {
            return NoiseReadFailure.NotAuthentic;
        }

        written = length;
        _message++;
        return NoiseReadFailure.None;
    }

    /// <summary>The ciphers of the finished handshake.</summary>
    internal (NoiseCipher Sender, NoiseCipher Receiver) Split()
    {
        var (initiator, responder) = _symmetric.Split();
        return _initiator ? (initiator, responder) : (responder, initiator);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _symmetric.Dispose();
        _ephemeral.Dispose();
        if (_ownsStatic)
        {
            _static.Dispose();
        }
    }

    private NoiseReadFailure ReadEphemeral(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < KeyLength)
        {
            return NoiseReadFailure.TooShort;
        }

        rest[..KeyLength].CopyTo(_remoteEphemeral);
        _symmetric.MixHash(_remoteEphemeral);
        rest = rest[KeyLength..];
        return NoiseReadFailure.None;
    }

    private NoiseReadFailure ReadStatic(ref ReadOnlySpan<byte> rest)
    {
        var length = KeyLength + _symmetric.Overhead;
        if (rest.Length < length)
        {
            return NoiseReadFailure.TooShort;
        }

        var good = _symmetric.TryDecryptAndHash(rest[..length], _remoteStatic);
        rest = rest[length..];
        return good ? NoiseReadFailure.None : NoiseReadFailure.NotAuthentic;
    }

    private bool TryMixAgreement(Token token)
    {
        // In ES and SE the first letter is the initiator's key.
        var (mine, theirs) = (token, _initiator) switch
        {
            (Token.EE, _) => (_ephemeral, _remoteEphemeral),
            (Token.ES, true) or (Token.SE, false) => (_ephemeral, _remoteStatic),
            _ => (_static, _remoteEphemeral),
        };
        Span<byte> secret = stackalloc byte[X25519.KeyLength];
        if (!mine.TryDerive(theirs, secret))
        {
            return false;
        }

        _symmetric.MixKey(secret);
        CryptographicOperations.ZeroMemory(secret);
        return true;
    }
}
