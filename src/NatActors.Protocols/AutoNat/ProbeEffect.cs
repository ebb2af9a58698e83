using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>One question.</summary>
/// <param name="Addresses">What it is about, the address in question first; 1 to <see cref="ProbeMachine.MaxAddresses"/>.</param>
/// <param name="Nonce">What the dial-back must carry; see <see cref="ProbeMachine.NewNonce"/>.</param>
public sealed record ProbeQuestion(IReadOnlyList<Multiaddr> Addresses, ulong Nonce);

/// <summary>Why a question brought no evidence, as far as it matters for whom to ask next.</summary>
public enum ProbeTrouble
{
    /// <summary>It brought evidence.</summary>
    None,

    /// <summary>The server does not serve us now (E_REQUEST_REJECTED): a limit.</summary>
    Rejected,

    /// <summary>The server will not dial this address (E_DIAL_REFUSED).</summary>
    DialRefused,

    /// <summary>The server claims a success that never arrived.</summary>
    Lied,

    /// <summary>Silence, a broken stream, a broken protocol, a failure on either side.</summary>
    Failed,
}

/// <summary>What a question came to.</summary>
/// <param name="Outcome">The evidence.</param>
/// <param name="Trouble">Why there is none; <see cref="ProbeTrouble.None"/> when there is.</param>
/// <param name="Detail">In words for a person, with the server as "it".</param>
public sealed record ProbeResult(WitnessOutcome Outcome, ProbeTrouble Trouble, string Detail);

/// <summary>What a <see cref="ProbeMachine"/> wants done.</summary>
public abstract record ProbeEffect
{
    private ProbeEffect()
    {
    }

    /// <summary>Send this message, length prefix to be added.</summary>
    public sealed record Send(ReadOnlyMemory<byte> Message) : ProbeEffect;

    /// <summary>Send that many bytes of dial data, in messages of <see cref="ProbeMachine.DialDataChunk"/>, at the pace of the stream.</summary>
    public sealed record SendDialData(int Bytes) : ProbeEffect;

    /// <summary>Read the next message.</summary>
    public sealed record Read : ProbeEffect
    {
        /// <summary>The only one.</summary>
        public static Read Instance { get; } = new();
    }

    /// <summary>The question is over; the stream is of no more use.</summary>
    public sealed record Ended(ProbeResult Result) : ProbeEffect;
}
