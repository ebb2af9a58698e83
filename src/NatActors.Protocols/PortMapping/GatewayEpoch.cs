namespace NatActors.Protocols.PortMapping;

/// <summary>
/// Tells from the seconds that a router counts whether it has lost its mappings: it counts from its start, or from when its external address
/// changed (RFC 6886 section 3.6, RFC 6887 section 8.5).
/// </summary>
internal sealed class GatewayEpoch
{
    private (uint Seconds, TimeSpan At)? _last;

    /// <summary>Takes the epoch of a PCP answer; true when it fits the one before (RFC 6887 section 8.5).</summary>
    public bool AcceptPcp(uint seconds, TimeSpan now)
    {
        var last = Exchange(seconds, now);
        if (last is not { } before)
        {
            return true;
        }

        // Answers may overtake each other by a second.
        if ((long)seconds < before.Seconds - 1L)
        {
            return false;
        }

        var client = (now - before.At).TotalSeconds;
        var server = (double)seconds - before.Seconds;
        return client + 2 >= server - (server / 16) && server + 2 >= client - (client / 16);
    }

    /// <summary>Takes the epoch of a NAT-PMP answer; true when it fits the one before (RFC 6886 section 3.6: 7/8 of the time, less 2 s).</summary>
    public bool AcceptNatPmp(uint seconds, TimeSpan now)
    {
        var last = Exchange(seconds, now);
        return last is not { } before || seconds + 2.0 >= before.Seconds + ((now - before.At).TotalSeconds * 7 / 8);
    }

    private (uint Seconds, TimeSpan At)? Exchange(uint seconds, TimeSpan now)
    {
        var last = _last;
        _last = (seconds, now);
        return last;
    }
}
