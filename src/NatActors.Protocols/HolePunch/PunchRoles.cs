using System.Globalization;

namespace NatActors.Protocols.HolePunch;

/// <summary>
/// Who is the dialer of a punched connection. DCUtR.md and the TCP upgrade rules: A, who made the relayed connection, is the dialer, B the
/// listener, whoever's SYN comes first. Peers are known to differ, and their agent version says so.
/// </summary>
public static class PunchRoles
{
    // go-libp2p up to 0.40 takes the roles the other way round over TCP (go-libp2p#3171).
    private const int FirstGoMinorWithSpecRoles = 41;
    private const string GoPrefix = "go-libp2p/0.";
    private const string GoMark = "go-libp2p";
    private const int SwappedGoRound = 3;

    /// <summary>This side's role in a round.</summary>
    /// <param name="initiator">True for B, which opened the DCUtR stream.</param>
    /// <param name="round">From 1.</param>
    /// <param name="failedUpgrades">
    /// Rounds in which a connection came about and its upgrade failed: the other side may hold the same role, so each flips.
    /// </param>
    /// <param name="agent">The peer's agent version, null when not known.</param>
    public static PunchRole For(bool initiator, int round, int failedUpgrades, string? agent)
    {
        var dialer = !initiator;
        if (SwapsRoles(agent))
        {
            dialer = !dialer;
        }
        else if (!initiator && round == SwappedGoRound && agent?.Contains(GoMark, StringComparison.Ordinal) == true)
        {
            // On its third try go's B dials as client, to suit its own older releases (go-libp2p#3171): a conforming A has to listen then.
            return PunchRole.Listener;
        }

        return dialer ^ (failedUpgrades % 2 == 1) ? PunchRole.Dialer : PunchRole.Listener;
    }

    private static bool SwapsRoles(string? agent)
    {
        var at = agent?.IndexOf(GoPrefix, StringComparison.Ordinal) ?? -1;
        if (at < 0)
        {
            return false;
        }

        var digits = agent.AsSpan(at + GoPrefix.Length);
        var length = digits.IndexOfAnyExceptInRange('0', '9');
        var minor = length < 0 ? digits : digits[..length];
        return int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < FirstGoMinorWithSpecRoles;
    }
}
