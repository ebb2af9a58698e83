using NatActors.Multiformats;

namespace NatActors.Protocols.Addresses;

/// <summary>
/// When to dial the own outside address from inside, and what it shows (RFC 4787 section 6). An answer proves that the router turns packets
/// back. Silence proves that it does not only where strangers are known to reach the address: else a filter may have dropped the dial.
/// </summary>
internal sealed class HairpinProbe(TimeSpan interval)
{
    private (Multiaddr Address, bool Confirmed)? _tried;
    private bool _isUnderWay;
    private TimeSpan? _triedAt;

    public Known Known { get; private set; }

    public IReadOnlyList<string> Reasons { get; private set; } = [];

    /// <summary>The address to dial now, or null: one that was not tried yet, or tried before it was confirmed.</summary>
    public Multiaddr? Next((Multiaddr Address, bool Confirmed)? target, TimeSpan now)
    {
        if (target is not { } wanted || _isUnderWay || wanted == _tried || (_triedAt is { } at && now - at < interval))
        {
            return null;
        }

        // Once it is known to work, an address that is merely seen adds nothing.
        if (Known == Known.Yes && !wanted.Confirmed)
        {
            return null;
        }

        _tried = wanted;
        _triedAt = now;
        _isUnderWay = true;
        return wanted.Address;
    }

    public void OnOutcome(Multiaddr address, HairpinOutcome outcome)
    {
        if (!_isUnderWay || _tried is not { } tried || tried.Address != address)
        {
            return;
        }

        _isUnderWay = false;
        switch (outcome)
        {
            case HairpinOutcome.Reached:
                Known = Known.Yes;
                Reasons = [$"this node reaches itself at {address}"];
                break;
            case HairpinOutcome.NotReached when tried.Confirmed:
                Known = Known.No;
                Reasons = [$"others reach {address}, this node itself does not: the router does not turn packets back"];
                break;
        }
    }

    /// <summary>Another network, another router. A try that is under way is no longer of interest.</summary>
    public void Forget()
    {
        (_tried, _triedAt, _isUnderWay) = (null, null, false);
        (Known, Reasons) = (Known.Unknown, []);
    }
}
