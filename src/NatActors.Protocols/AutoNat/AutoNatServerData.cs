namespace NatActors.Protocols.AutoNat;

/// <summary>What became of the dial data that was asked for.</summary>
public enum DialDataOutcome
{
    /// <summary>Some is missing yet.</summary>
    Owed,

    /// <summary>All of it came.</summary>
    Paid,

    /// <summary>A piece was no dial data, or so small that only this node's work was meant.</summary>
    Refused,
}

/// <summary>Counts dial data (autonat-v2.md, "Amplification Attack Prevention").</summary>
public struct AutoNatServerData(int owed)
{
    /// <summary>
    /// The smallest piece taken, in bytes, but for the last one: smaller ones would cost this node more than its client (go-libp2p
    /// autonatv2: 100).
    /// </summary>
    public const int MinPiece = 100;

    private int _owed = owed;

    /// <summary>Bytes still missing.</summary>
    public readonly int Owed => _owed;

    /// <summary>Takes a message that came while data was due.</summary>
    public DialDataOutcome OnMessage(AutoNatV2Decoded decoded)
    {
        if (decoded.Message is not AutoNatV2Message.DialDataResponse piece
            || piece.Data.Length == 0
            || (piece.Data.Length < MinPiece && piece.Data.Length < _owed))
        {
            return DialDataOutcome.Refused;
        }

        _owed = Math.Max(0, _owed - piece.Data.Length);
        return _owed == 0 ? DialDataOutcome.Paid : DialDataOutcome.Owed;
    }
}
