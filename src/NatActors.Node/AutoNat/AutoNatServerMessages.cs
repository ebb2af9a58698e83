using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;

namespace NatActors.Node.AutoNat;

/// <summary>
/// The messages between the <see cref="AutoNatServerActor"/> and the actors that serve one request each. Each question is answered exactly
/// once.
/// </summary>
internal static class AutoNatServerMessages
{
    /// <summary>Which of these addresses is dialed, at what price? Answered to the sender by <see cref="Chosen"/>.</summary>
    public sealed record Choose(IReadOnlyList<Multiaddr?> Addresses, AutoNatClient Client);

    /// <summary>The answer to <see cref="Choose"/>.</summary>
    public sealed record Chosen(DialChoice Choice);

    /// <summary>Which addresses does version 1 dial? Answered to the sender by <see cref="ChosenV1"/>.</summary>
    public sealed record ChooseV1(IReadOnlyList<Multiaddr> Addresses, AutoNatClient Client);

    /// <summary>The answer to <see cref="ChooseV1"/>: none when the request is to be refused.</summary>
    public sealed record ChosenV1(IReadOnlyList<Multiaddr> Targets);

    /// <summary>Is this dialed for that server? Answered to the sender by <see cref="Judged"/>.</summary>
    public sealed record Judge(DialBackAsk Ask, AutoNatClient Server);

    /// <summary>The answer to <see cref="Judge"/>.</summary>
    public sealed record Judged(bool Granted);

    /// <summary>Dial back; answered to <paramref name="ReplyTo"/> by <see cref="DialedBack"/>, and given up when that actor stops.</summary>
    public sealed record DialBack(DialBackOrder Order, IActorRef ReplyTo);

    /// <summary>The answer to <see cref="DialBack"/>.</summary>
    /// <param name="Address">The address of the order.</param>
    /// <param name="Outcome">What came of it.</param>
    /// <param name="Detail">Why, in words for the log.</param>
    public sealed record DialedBack(Multiaddr Address, DialBackOutcome Outcome, string Detail) : IDeadLetterSuppression;

    /// <summary>
    /// Let partners dial back for this client; answered to <paramref name="ReplyTo"/> by <see cref="PartnersAsked"/>, then by <see
    /// cref="PartnerSaid"/> from each.
    /// </summary>
    public sealed record AskPartners(DialBackAsk Ask, AutoNatClient Client, IActorRef ReplyTo);

    /// <summary>The first answer to <see cref="AskPartners"/>: how many were asked.</summary>
    public sealed record PartnersAsked(int Count);

    /// <summary>The answer of one partner.</summary>
    /// <param name="Partner">Who was asked.</param>
    /// <param name="Outcome">What came of it.</param>
    public sealed record PartnerSaid(DialBackPartner Partner, DialBackOutcome Outcome) : IDeadLetterSuppression;
}
