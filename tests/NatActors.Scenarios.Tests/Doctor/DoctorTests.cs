using NatActors.Hosting.Reports;

namespace NatActors.Scenarios.Tests.Doctor;

/// <summary>What a person behind each type of router is told by the command itself.</summary>
public sealed class DoctorTests(DoctorRounds rounds) : IClassFixture<DoctorRounds>
{
    private const string Independent = "endpoint-independent";
    private const string ByAddress = "address-dependent";
    private const string ByPort = "address-and-port-dependent";
    private const string Symmetric = "dependent|address-dependent|address-and-port-dependent";

    /// <summary>Router, verdict, mapping, filtering, the topic of the first advice, its key words.</summary>
    public static TheoryData<string, string, string, string, string, string> Table => new()
    {
        { "none", "public", "none", Independent, "", "" },
        { "firewall", "private", "none", ByPort, "firewall", "allow TCP port 4001" },
        { "fullcone", "public", Independent, Independent, "", "" },
        { "addrrestricted", "private", Independent, ByAddress, "restricted-nat", "only addresses that this node has contacted" },
        { "portforward", "public", Independent, Independent, "", "" },
        { "portforward+hairpin", "public", Independent, Independent, "", "" },
        { "portrestricted", "private", Independent, ByPort, "restricted-nat", "forward TCP port 4001 to this machine (10.231.1.2)" },
        { "portrestricted+rst", "private", Independent, ByPort, "restricted-nat", "forward TCP port 4001 to this machine (10.231.1.2)" },
        { "symmetric", "private", Symmetric, ByPort, "symmetric-nat", "hole punching fails with most peers behind routers" },
        { "cgnat", "private", Independent, ByPort, "restricted-nat", "your provider has a NAT too" },
        { "cgnatsym", "private", Symmetric, ByPort, "symmetric-nat", "your provider has a NAT too" },

        { DoctorRounds.UpnpBehindCarrier, "private", Independent, ByPort, "double-nat", "no internet address of its own" },
        // What comes in by a forwarded port does not show whom the NAT itself lets in.
        { DoctorRounds.Upnp, "public", Independent, "unknown", "", "" },
    };

    public static IEnumerable<string> Routers => Table.Select(row => (string)row[0]);

    [SkippableTheory]
    [MemberData(nameof(Table))]
    public async Task A_person_behind_it_reads_the_verdict_the_kind_of_nat_and_what_to_do(
        string router, string verdict, string mapping, string filtering, string topic, string words)
    {
        var report = await rounds.BehindAsync(router);

        Assert.Equal(verdict, report.Reachability.Verdict);
        Assert.Equal(verdict == "public", report.Reachability.FilteringProven);
        var nat = Assert.Single(report.Nat, n => n is { Family: "ip4", Protocol: "tcp" });
        Assert.Contains(nat.Mapping, mapping.Split('|'));
        Assert.Equal(filtering, nat.Filtering);
        Assert.Equal((topic, true), (Advice(report).Topic, Advice(report).Text.Contains(words, StringComparison.Ordinal)));
        Assert.Equal(2, report.Witnesses.Count(w => w.Note.Length == 0));
        Assert.Empty(report.Unanswered);
        Assert.Empty(report.Errors);
    }

    [SkippableFact]
    public async Task Who_cannot_be_dialed_holds_relays_and_who_can_holds_none()
    {
        foreach (var row in Table.Where(row => !((string)row[0]).Contains("UPnP", StringComparison.Ordinal)))
        {
            var report = await rounds.BehindAsync((string)row[0]);

            Assert.Equal(((string)row[0], report.Reachability.Verdict == "private"), ((string)row[0], report.Relays.Any(r => r.Expires is not null)));
        }
    }

    [SkippableFact]
    public async Task A_router_that_forwards_ports_when_asked_is_named_with_what_it_forwards()
    {
        var report = await rounds.BehindAsync(DoctorRounds.Upnp);

        Assert.NotEmpty(report.PortMapping.Protocols);
        var mapped = Assert.Single(report.PortMapping.Mappings, m => m.External.StartsWith("/ip4/29.0.1.2/", StringComparison.Ordinal));
        Assert.Contains(report.Reachability.Addresses, a => a.Address == mapped.External && a.Verdict == "public");
    }

    [SkippableFact]
    public async Task A_router_that_turns_packets_back_is_named() =>
        Assert.Equal("yes", Assert.Single((await rounds.BehindAsync("portforward+hairpin")).Nat, n => n.Family == "ip4").Hairpin);

    private static AdviceEntry Advice(ReportDocument report) => report.Advice.FirstOrDefault() ?? new("", "");
}
