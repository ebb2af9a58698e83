using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>What one dial-back came to.</summary>
public enum DialBackOutcome
{
    /// <summary>Nobody dialed: a refusal, a silence, or a fault on the dialing side. No evidence.</summary>
    NotTried,

    /// <summary>No connection to that peer came about.</summary>
    DialError,

    /// <summary>A connection came about, but the nonce could not be handed over.</summary>
    DialBackError,

    /// <summary>The nonce was handed over; in version 1, the connection came about.</summary>
    Reached,
}

/// <summary>What an <see cref="AutoNatServerRequest"/> wants done.</summary>
public abstract record AutoNatServerEffect
{
    private AutoNatServerEffect()
    {
    }

    /// <summary>Let <see cref="AutoNatServerRules.Choose"/> look at the list, then call <see cref="AutoNatServerRequest.OnChosen"/>.</summary>
    public sealed record Choose(IReadOnlyList<Multiaddr?> Addresses) : AutoNatServerEffect;

    /// <summary>Send this, then read until <see cref="AutoNatServerData"/> is content, and call <see cref="AutoNatServerRequest.OnData"/>.</summary>
    public sealed record AskForData(AutoNatV2Message.DialDataRequest Message) : AutoNatServerEffect;

    /// <summary>Call <see cref="AutoNatServerRequest.OnWaited"/> after this time.</summary>
    public sealed record Wait(TimeSpan Delay) : AutoNatServerEffect;

    /// <summary>
    /// Dial the address and let partners do so too; call <see cref="AutoNatServerRequest.OnOwnOutcome"/> and <see
    /// cref="AutoNatServerRequest.OnPartners"/>, each once, and <see cref="AutoNatServerRequest.OnPartnerOutcome"/> once for each partner.
    /// </summary>
    public sealed record Dial(Multiaddr Address, ulong Nonce, DialBackBasis Basis) : AutoNatServerEffect;

    /// <summary>Send this and close in order: the request is over.</summary>
    public sealed record Answer(AutoNatV2Message.DialResponse Message) : AutoNatServerEffect;

    /// <summary>Reset the stream: the client breaks the protocol, or is too slow.</summary>
    public sealed record Reset(string Reason) : AutoNatServerEffect;
}

/// <summary>
/// One request of version 2 on the server, from its stream's opening to the answer (autonat-v2.md, "Overview"). Nothing is dialed before the
/// data that was asked for is paid.
/// <code>
/// Reading --request--> Choosing --none--> Done: refused, rejected
///                         |   --costs nothing--> Dialing
///                         +-- costs data --> Paying --paid--> Waiting --> Dialing --both outcomes--> Done: OK and the dial status
/// Reading, Paying: bad bytes, an early end, the deadline --> Done: reset
/// </code>
/// </summary>
public sealed class AutoNatServerRequest
{
    private readonly AutoNatServerOptions _options;
    private readonly RandomSource _random;
    private State _state = State.Reading;
    private ulong _nonce;
    private DialChoice _choice = new(AutoNatV2Status.InternalError, 0, null, 0);
    private DialBackOutcome? _own;
    private readonly List<DialBackOutcome> _partners = [];
    private int? _partnersAsked;

    /// <summary>A request that is to be read.</summary>
    public AutoNatServerRequest(AutoNatServerOptions options, RandomSource random)
    {
        _options = options;
        _random = random;
    }

    private enum State
    {
        Reading,
        Choosing,
        Paying,
        Waiting,
        Dialing,
        Done,
    }

    /// <summary>The answer to a request that is over a limit, before anything of it is read.</summary>
    public static AutoNatV2Message.DialResponse Rejection { get; } = new(AutoNatV2Status.RequestRejected, 0, AutoNatV2DialStatus.Unused);

    /// <summary>The first message came.</summary>
    public AutoNatServerEffect? OnRequest(AutoNatV2Decoded decoded)
    {
        if (_state != State.Reading)
        {
            return null;
        }

        if (decoded.Message is not AutoNatV2Message.DialRequest request)
        {
            return Reset(decoded.Message is null ? $"the request is refused: {decoded.Fault}" : "the first message is no dial request");
        }

        _state = State.Choosing;
        _nonce = request.Nonce;
        return new AutoNatServerEffect.Choose(request.Addresses);
    }

    /// <summary>The rules have chosen.</summary>
    public AutoNatServerEffect? OnChosen(DialChoice choice)
    {
        ArgumentNullException.ThrowIfNull(choice);
        if (_state != State.Choosing)
        {
            return null;
        }

        _choice = choice;
        if (choice.Address is null)
        {
            return Answer(choice.Status, AutoNatV2DialStatus.Unused);
        }

        if (choice.DataBytes == 0)
        {
            return Dial(DialBackBasis.ObservedIp);
        }

        _state = State.Paying;
        return new AutoNatServerEffect.AskForData(new AutoNatV2Message.DialDataRequest(choice.Index, (ulong)choice.DataBytes));
    }

    /// <summary>The dial data came, or what came was none.</summary>
    public AutoNatServerEffect? OnData(DialDataOutcome outcome)
    {
        if (_state != State.Paying)
        {
            return null;
        }

        if (outcome != DialDataOutcome.Paid)
        {
            return Reset("the dial data was not paid");
        }

        _state = State.Waiting;
        return new AutoNatServerEffect.Wait(_random.NextDelay(_options.MaxDialDelay));
    }

    /// <summary>The wait is over.</summary>
    public AutoNatServerEffect? OnWaited() => _state == State.Waiting ? Dial(DialBackBasis.DataPaid) : null;

    /// <summary>This node's own dial-back has ended.</summary>
    public AutoNatServerEffect? OnOwnOutcome(DialBackOutcome outcome)
    {
        _own ??= outcome;
        return Conclude();
    }

    /// <summary>So many partners were asked; 0 when there are none.</summary>
    public AutoNatServerEffect? OnPartners(int asked)
    {
        _partnersAsked ??= asked;
        return Conclude();
    }

    /// <summary>A partner's dial-back has ended; <see cref="DialBackOutcome.NotTried"/> when it did not dial.</summary>
    public AutoNatServerEffect? OnPartnerOutcome(DialBackOutcome outcome)
    {
        _partners.Add(outcome);
        return Conclude();
    }

    /// <summary>The client's time for its request and data is over, or the stream broke. Once dialing it does not matter.</summary>
    public AutoNatServerEffect? OnBroken(string reason) =>
        _state is State.Reading or State.Choosing or State.Paying ? Reset(reason) : null;

    private AutoNatServerEffect Dial(DialBackBasis basis)
    {
        _state = State.Dialing;
        return new AutoNatServerEffect.Dial(_choice.Address!, _nonce, basis);
    }

    /// <summary>
    /// Waits for all, as the client reads this node's own success from the nonce: a partner's failure beside it means filtering by address.
    /// The partners' word counts when they have dialed, for they are more likely strangers to the client, and a failure among them before a
    /// success, for one of them may be none. A partner that got through but not rid of its nonce, which another did, is no failure: js-libp2p
    /// takes a nonce once only.
    /// </summary>
    private AutoNatServerEffect.Answer? Conclude()
    {
        if (_state != State.Dialing || _own is not { } own || _partnersAsked is not { } asked || _partners.Count < asked)
        {
            return null;
        }

        var partner = _partners.Contains(DialBackOutcome.DialError) ? DialBackOutcome.DialError
            : _partners.Contains(DialBackOutcome.Reached) ? DialBackOutcome.Reached
            : _partners.Contains(DialBackOutcome.DialBackError) ? DialBackOutcome.DialBackError
            : DialBackOutcome.NotTried;
        return (own, partner) switch
        {
            (DialBackOutcome.Reached, DialBackOutcome.DialBackError) => Tell(DialBackOutcome.Reached),
            (_, DialBackOutcome.NotTried) => Tell(own),
            _ => Tell(partner),
        };
    }

    private AutoNatServerEffect.Answer Tell(DialBackOutcome outcome) => outcome switch
    {
        DialBackOutcome.Reached => Answer(AutoNatV2Status.Ok, AutoNatV2DialStatus.Ok),
        DialBackOutcome.DialBackError => Answer(AutoNatV2Status.Ok, AutoNatV2DialStatus.DialBackError),
        DialBackOutcome.DialError => Answer(AutoNatV2Status.Ok, AutoNatV2DialStatus.DialError),
        _ => Answer(AutoNatV2Status.InternalError, AutoNatV2DialStatus.Unused),
    };

    private AutoNatServerEffect.Answer Answer(AutoNatV2Status status, AutoNatV2DialStatus dialStatus)
    {
        _state = State.Done;
        var index = status == AutoNatV2Status.Ok ? _choice.Index : 0;
        return new AutoNatServerEffect.Answer(new AutoNatV2Message.DialResponse(status, index, dialStatus));
    }

    private AutoNatServerEffect.Reset Reset(string reason)
    {
        _state = State.Done;
        return new AutoNatServerEffect.Reset(reason);
    }
}
