using NatActors.Lab.Nat;
using NatActors.Testing;
using Xunit.Abstractions;

namespace NatActors.Lab.Tests;

/// <summary>Which pairs of routers a plain punch gets through: every pair of eight types, with silent and with refusing routers.</summary>
public sealed class OracleTests(LabFixture fixture, ITestOutputHelper output) : IClassFixture<LabFixture>
{
    private const int FirstPort = 4100;
    private static int _pairs;

    private static readonly RouterType[] Types =
    [
        RouterType.None, RouterType.Firewall, RouterType.FullCone, RouterType.AddrRestricted,
        RouterType.PortForward, RouterType.PortRestricted, RouterType.Symmetric, RouterType.Cgnat,
    ];

    /// <summary>A symmetric router's next port is anybody's guess: the other side must let it in unasked, from any port at least.</summary>
    private static readonly RouterType[] OpenToSymmetric =
        [RouterType.None, RouterType.FullCone, RouterType.AddrRestricted, RouterType.PortForward];

    public static TheoryData<RouterType, RouterModifiers> Rows()
    {
        var rows = new TheoryData<RouterType, RouterModifiers>();
        foreach (var modifiers in (RouterModifiers[])[RouterModifiers.None, RouterModifiers.Rst])
        {
            foreach (var type in Types)
            {
                rows.Add(type, modifiers);
            }
        }

        return rows;
    }

    /// <summary>The types alone: only TCP knows refusals.</summary>
    public static TheoryData<RouterType> SilentRows() => new(Types);

    [SkippableTheory]
    [MemberData(nameof(Rows))]
    public async Task A_minimal_punch_over_TCP_meets_whom_the_oracle_says(RouterType mine, RouterModifiers modifiers)
    {
        Assert.Equal(Expected(mine), await RowAsync(mine, modifiers, MinimalPunch.TryAsync));
    }

    [SkippableTheory]
    [MemberData(nameof(SilentRows))]
    public async Task A_minimal_punch_over_UDP_meets_whom_the_oracle_says(RouterType mine)
    {
        Assert.Equal(Expected(mine), await RowAsync(mine, RouterModifiers.None, MinimalUdpPunch.TryAsync));
    }

    private static string Expected(RouterType mine) => Text(Types.Where(other => CanMeet(mine, other)));

    private static bool CanMeet(RouterType one, RouterType other) => (one, other) switch
    {
        (RouterType.Symmetric, _) => OpenToSymmetric.Contains(other),
        (_, RouterType.Symmetric) => OpenToSymmetric.Contains(one),
        _ => true,
    };

    private static string Text(IEnumerable<RouterType> types) => string.Join(' ', types);

    private async Task<string> RowAsync(RouterType mine, RouterModifiers modifiers, Func<LabHost, LabHost, LabHost, int, Task<bool>> punch)
    {
        var lab = fixture.Lab;
        var met = new List<RouterType>();
        foreach (var other in Types)
        {
            // A port of its own for each pair: what the last one left behind in the kernel is no matter.
            var port = FirstPort + Interlocked.Increment(ref _pairs);
            lab.Router("NA").SetKind(new RouterKind(mine, modifiers) { ForwardedPort = port });
            lab.Router("NB").SetKind(new RouterKind(other, modifiers) { ForwardedPort = port });
            if (await punch(lab.Host("A"), lab.Host("B"), lab.Host("R"), port))
            {
                met.Add(other);
            }
        }

        output.WriteLine(Text(met));
        return Text(met);
    }
}
