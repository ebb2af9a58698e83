using NatActors.Lab.Nat;

namespace NatActors.Scenarios.Tests.Support;

/// <summary>Which pairs of routers a minimal TCP punch from shared ports gets through, as the laboratory's own tests observe.</summary>
public static class Oracle
{
    /// <summary>Whether the two can have a direct connection.</summary>
    public static bool CanMeet(RouterType a, RouterType b) =>
        (IsSymmetric(a), IsSymmetric(b)) switch
        {
            (false, false) => true,
            (true, true) => false,
            (true, false) => LetsStrangersIn(b),
            (false, true) => LetsStrangersIn(a),
        };

    private static bool IsSymmetric(RouterType type) => type is RouterType.Symmetric or RouterType.CgnatSym;

    /// <summary>A symmetric side comes from a port that nobody could announce: only these let it in.</summary>
    private static bool LetsStrangersIn(RouterType type) =>
        type is RouterType.None or RouterType.FullCone or RouterType.AddrRestricted or RouterType.PortForward;
}
