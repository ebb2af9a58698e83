namespace NatActors.Protocols.AutoNat;

/// <summary>
/// How sure version 1 is of its verdict, 0 to 3 (go-libp2p host/autonat): one up for each round that confirms it, one down for a new address,
/// back to 0 with a new verdict. Unlike go-libp2p's, refusals and timeouts do not erode it: they are no evidence (autonat-v1.md; audit of
/// oscillating verdicts, libp2p/specs issue 713). It sets how soon servers are asked again.
/// </summary>
public sealed class V1Confidence
{
    /// <summary>The most (go-libp2p autonat: maxConfidence).</summary>
    public const int Max = 3;

    private Reachability _verdict;

    /// <summary>0 to <see cref="Max"/>.</summary>
    public int Value { get; private set; }

    /// <summary>True when nothing is gained by asking again soon.</summary>
    public bool IsFull => Value == Max;

    /// <summary>A round ended with this verdict; it counts when it brought evidence.</summary>
    public void OnRound(Reachability verdict, bool evidence)
    {
        if (verdict != _verdict)
        {
            _verdict = verdict;
            Value = 0;
        }
        else if (evidence && verdict != Reachability.Unknown)
        {
            Value = Math.Min(Max, Value + 1);
        }
    }

    /// <summary>The node has another address than before.</summary>
    public void OnNewAddress() => Value = Math.Max(0, Value - 1);
}
