using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>
/// The asking side of one question to one server by AutoNAT version 2 (autonat-v2.md): request, dial data if the server wants it, the nonce
/// that comes in by another connection, the answer. It ends exactly once, in a <see cref="ProbeResult"/>.
/// </summary>
/// <remarks>
/// <code>
/// Asking --DialDataRequest, at most 100 kB in all--> Asking
///    |--DialResponse that is about the nonce, which has not come--> Waiting --nonce, or two seconds--> Ended
///    +--any other answer, stream ended, time up--> Ended
/// </code>
/// A nonce that arrived is proof whatever the server says afterwards; what a server only says is a claim, judged with those of others by
/// <see cref="ReachabilityMachine"/>. Refusals, timeouts and failures are no evidence (protocols 11).
/// </remarks>
public sealed class ProbeMachine
{
    /// <summary>How long an announced nonce may be late: dial-back and answer come by two connections. Ours.</summary>
    public static readonly TimeSpan NonceGrace = TimeSpan.FromSeconds(2);

    /// <summary>The most dial data sent for one question, in bytes (autonat-v2.md: a server asks for 30,000 to 100,000).</summary>
    public const int MaxDialData = 100_000;

    /// <summary>Dial data sent in one message, in bytes (go-libp2p autonatv2; the spec allows up to 4,096).</summary>
    public const int DialDataChunk = 4000;

    /// <summary>The most addresses in one question (go-libp2p autonatv2 client: maxAddrs).</summary>
    public const int MaxAddresses = 10;

    private readonly ProbeQuestion _question;
    private readonly TimeSpan _timeout;
    private readonly TimeSpan _deadline;
    private TimeSpan? _nonceDeadline;
    private ulong _dataSent;
    private bool _reached;
    private bool _byStranger;
    private string? _refusedDialBack;
    private bool _ended;

    /// <summary>A question about to be asked.</summary>
    /// <param name="question">The question.</param>
    /// <param name="timeout">How long it may take as a whole (<see cref="ReachabilityOptions.Timeout"/>).</param>
    /// <param name="now">Monotonic time.</param>
    public ProbeMachine(ProbeQuestion question, TimeSpan timeout, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(question);
        if (question.Addresses.Count is < 1 or > MaxAddresses)
        {
            throw new ArgumentException($"A question is about 1 to {MaxAddresses} addresses.", nameof(question));
        }

        _question = question;
        _timeout = timeout;
        _deadline = now + timeout;
    }

    /// <summary>When to call <see cref="OnDeadline"/>; null when it has ended.</summary>
    public TimeSpan? NextDeadline => _ended ? null : _nonceDeadline ?? _deadline;

    /// <summary>A nonce that can be used: below 2^53, as js reads numbers, and not zero, which is what an absent one reads as.</summary>
    public static ulong NewNonce(RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return 1 + (random.NextUInt64() % AutoNatV2Codec.MaxPortableNonce);
    }

    /// <summary>The stream to the server is open.</summary>
    public IReadOnlyList<ProbeEffect> OnOpened() =>
    [
        new ProbeEffect.Send(AutoNatV2Codec.Encode(new AutoNatV2Message.DialRequest(_question.Addresses, _question.Nonce))),
        ProbeEffect.Read.Instance,
    ];

    /// <summary>The server said something.</summary>
    public IReadOnlyList<ProbeEffect> OnMessage(AutoNatV2Decoded decoded, TimeSpan now) => _ended ? [] : decoded.Message switch
    {
        AutoNatV2Message.DialDataRequest request => OnDataRequest(request),
        AutoNatV2Message.DialResponse response => OnResponse(response, now),
        null => End(ProbeTrouble.Failed, $"the answer cannot be read: {decoded.Fault}"),
        _ => End(ProbeTrouble.Failed, "the server broke the protocol"),
    };

    /// <summary>A dial-back with this question's nonce came in.</summary>
    public IReadOnlyList<ProbeEffect> OnDialBack(ProbeDialBack dialBack)
    {
        ArgumentNullException.ThrowIfNull(dialBack);
        if (_ended)
        {
            return [];
        }

        if (dialBack.WhyNoProof(_question.Addresses[0]) is { } refusal)
        {
            _refusedDialBack = refusal;
            return [];
        }

        _reached = true;
        _byStranger |= dialBack.FromStranger;
        return _nonceDeadline is null ? [] : EndReached();
    }

    /// <summary>The stream ended, or was never opened. What came in before counts.</summary>
    public IReadOnlyList<ProbeEffect> OnStreamEnded(string why) => _ended || _nonceDeadline is not null ? [] : End(ProbeTrouble.Failed, why);

    /// <summary>Time went by.</summary>
    public IReadOnlyList<ProbeEffect> OnDeadline(TimeSpan now)
    {
        if (NextDeadline is not { } deadline || now < deadline)
        {
            return [];
        }

        return _nonceDeadline is null
            ? End(ProbeTrouble.Failed, $"no answer within {_timeout.TotalSeconds:0} s")
            : End(ProbeTrouble.Lied, _refusedDialBack ?? "it claims a success that never arrived");
    }

    private IReadOnlyList<ProbeEffect> OnDataRequest(AutoNatV2Message.DialDataRequest request)
    {
        // autonat-v2.md, "Amplification Attack Prevention": the client may refuse; nobody makes us send more than the spec names.
        if (request.AddressIndex >= _question.Addresses.Count)
        {
            return End(ProbeTrouble.Failed, "it wants dial data for an address that was not asked about");
        }

        if (request.ByteCount > MaxDialData || _dataSent + request.ByteCount > MaxDialData)
        {
            return End(ProbeTrouble.Failed, $"it wants more than {MaxDialData} bytes of dial data");
        }

        _dataSent += request.ByteCount;
        return [new ProbeEffect.SendDialData((int)request.ByteCount), ProbeEffect.Read.Instance];
    }

    private IReadOnlyList<ProbeEffect> OnResponse(AutoNatV2Message.DialResponse response, TimeSpan now)
    {
        switch (response.Status)
        {
            case AutoNatV2Status.Ok: break;
            case AutoNatV2Status.RequestRejected: return End(ProbeTrouble.Rejected, "it rejected the request");
            case AutoNatV2Status.DialRefused: return End(ProbeTrouble.DialRefused, "it refused to dial the address");
            case AutoNatV2Status.InternalError: return End(ProbeTrouble.Failed, "it failed");
            default: return End(ProbeTrouble.Failed, $"it answered with an unknown status, {(int)response.Status}");
        }

        // js-libp2p answers for each address in turn; the one in question stands first.
        if (response.AddressIndex != 0)
        {
            return response.AddressIndex < _question.Addresses.Count
                ? [ProbeEffect.Read.Instance]
                : End(ProbeTrouble.Failed, "its answer is about an address that was not asked about");
        }

        switch (response.DialStatus)
        {
            case AutoNatV2DialStatus.DialError: return EndNotDialed();
            case AutoNatV2DialStatus.DialBackError: return End(ProbeTrouble.Failed, "it connected, but could not hand over the nonce");
            case AutoNatV2DialStatus.Ok when _reached: return EndReached();
            case AutoNatV2DialStatus.Ok:
                _nonceDeadline = Earlier(now + NonceGrace, _deadline + NonceGrace);
                return [];
            default: return End(ProbeTrouble.Failed, "it does not say whether it dialed");
        }
    }

    /// <summary>A server of ours says so when its partner was dropped, although its own dial-back came in (src/README.md).</summary>
    private IReadOnlyList<ProbeEffect> EndNotDialed()
    {
        if (!_reached)
        {
            return End(new ProbeResult(WitnessOutcome.NotReached, ProbeTrouble.None, "it could not dial the address"));
        }

        return _byStranger
            ? EndReached()
            : End(new ProbeResult(
                WitnessOutcome.ReachedByContactOnly,
                ProbeTrouble.None,
                "its own dial-back came through, that of a host which this node had never contacted did not"));
    }

    private IReadOnlyList<ProbeEffect> EndReached() => End(_byStranger
        ? new ProbeResult(
            WitnessOutcome.ReachedByStranger, ProbeTrouble.None, "a host which this node had never contacted dialed back and came through")
        : new ProbeResult(WitnessOutcome.Reached, ProbeTrouble.None, "its dial-back came through"));

    /// <summary>The question is over without a clear answer; a nonce that came in is proof all the same.</summary>
    private IReadOnlyList<ProbeEffect> End(ProbeTrouble trouble, string detail) => _reached && trouble != ProbeTrouble.Lied
        ? EndReached()
        : End(new ProbeResult(WitnessOutcome.NoEvidence, trouble, _refusedDialBack ?? detail));

    private IReadOnlyList<ProbeEffect> End(ProbeResult result)
    {
        _ended = true;
        return [new ProbeEffect.Ended(result)];
    }

    private static TimeSpan Earlier(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
