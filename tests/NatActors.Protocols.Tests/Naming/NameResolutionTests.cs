using NatActors.Multiformats;
using NatActors.Protocols.Naming;
using NatActors.Protocols.Tests.Relay;
using Xunit;

namespace NatActors.Protocols.Tests.Naming;

public sealed class NameResolutionTests
{
    private static readonly string One = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";
    private static readonly string Two = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";

    private readonly Dictionary<string, DnsOutcome> _zone = new(StringComparer.Ordinal);
    private readonly List<string> _asked = [];

    [Fact]
    public void A_dns4_name_becomes_its_IPv4_addresses()
    {
        _zone["a.example A"] = Messages.Found("192.0.2.1", "192.0.2.2");

        Assert.Equal(
            [$"/ip4/192.0.2.1/tcp/4001/p2p/{One}", $"/ip4/192.0.2.2/tcp/4001/p2p/{One}"],
            Resolve($"/dns4/A.example/tcp/4001/p2p/{One}"));
    }

    [Fact]
    public void A_dns_name_is_asked_for_both_families_and_one_suffices()
    {
        _zone["a.example AAAA"] = Messages.Found("2001:db8::1");

        Assert.Equal(["/ip6/2001:db8::1/udp/4001/quic-v1"], Resolve("/dns/a.example/udp/4001/quic-v1"));
        Assert.Equal(["a.example AAAA", "a.example A"], _asked);
    }

    [Fact]
    public void A_dnsaddr_becomes_the_addresses_in_its_text_records_that_end_in_what_follows_the_name()
    {
        _zone["_dnsaddr.boot.example TXT"] = Messages.Texts(
            $"dnsaddr=/ip4/192.0.2.1/tcp/4001/p2p/{One}", $"dnsaddr=/ip4/192.0.2.2/tcp/4001/p2p/{Two}", "v=spf1 -all", "dnsaddr=nonsense");

        Assert.Equal([$"/ip4/192.0.2.2/tcp/4001/p2p/{Two}"], Resolve($"/dnsaddr/boot.example/p2p/{Two}"));
        Assert.Equal([$"/ip4/192.0.2.1/tcp/4001/p2p/{One}", $"/ip4/192.0.2.2/tcp/4001/p2p/{Two}"], Resolve("/dnsaddr/boot.example"));
    }

    [Fact]
    public void A_dnsaddr_may_lead_to_names()
    {
        _zone["_dnsaddr.boot.example TXT"] = Messages.Texts($"dnsaddr=/dnsaddr/eu.boot.example/p2p/{One}", $"dnsaddr=/dns4/a.example/tcp/1/p2p/{One}");
        _zone["_dnsaddr.eu.boot.example TXT"] = Messages.Texts($"dnsaddr=/ip4/192.0.2.9/tcp/2/p2p/{One}");
        _zone["a.example A"] = Messages.Found("192.0.2.1");

        Assert.Equal([$"/ip4/192.0.2.1/tcp/1/p2p/{One}", $"/ip4/192.0.2.9/tcp/2/p2p/{One}"], Resolve("/dnsaddr/boot.example").Order());
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    public void A_chain_of_names_is_followed_four_times(int steps, bool reaches)
    {
        for (var i = 0; i < steps; i++)
        {
            _zone[$"_dnsaddr.n{i}.example TXT"] = Messages.Texts($"dnsaddr=/dnsaddr/n{i + 1}.example");
        }

        _zone[$"_dnsaddr.n{steps}.example TXT"] = Messages.Texts("dnsaddr=/ip4/192.0.2.1/tcp/1");

        var resolution = Run("/dnsaddr/n0.example");

        Assert.Equal(reaches ? 1 : 0, resolution.Addresses.Count);
        Assert.Equal(reaches, resolution.Failure is null);
    }

    [Fact]
    public void A_circle_of_names_ends()
    {
        _zone["_dnsaddr.a.example TXT"] = Messages.Texts("dnsaddr=/dnsaddr/b.example");
        _zone["_dnsaddr.b.example TXT"] = Messages.Texts("dnsaddr=/dnsaddr/a.example");

        Assert.NotNull(Run("/dnsaddr/a.example").Failure);
        Assert.Equal(2, _asked.Count);
    }

    [Fact]
    public void A_hundred_addresses_are_taken_and_no_more()
    {
        _zone["_dnsaddr.a.example TXT"] = Messages.Texts(
            [.. Enumerable.Range(0, 128).Select(i => $"dnsaddr=/ip4/192.0.2.{i}/tcp/1"), "dnsaddr=/dns4/more.example/tcp/1"]);
        _zone["more.example A"] = Messages.Found([.. Enumerable.Range(0, 128).Select(i => $"198.51.100.{i}")]);

        Assert.Equal(100, Resolve("/dnsaddr/a.example").Count);
    }

    [Fact]
    public void A_zone_that_lists_names_without_end_is_asked_a_bounded_number_of_questions()
    {
        _zone["_dnsaddr.a.example TXT"] = Messages.Texts([.. Enumerable.Range(0, 128).Select(i => $"dnsaddr=/dns4/n{i}.example/tcp/1")]);

        Assert.NotNull(Run("/dnsaddr/a.example").Failure);
        Assert.Equal(32, _asked.Count);
    }

    [Fact]
    public void Of_a_relayed_address_the_relay_is_looked_up()
    {
        _zone["r.example A"] = Messages.Found("192.0.2.1");
        _zone["_dnsaddr.r.example TXT"] = Messages.Texts($"dnsaddr=/ip4/192.0.2.5/tcp/1/p2p/{One}", $"dnsaddr=/ip4/192.0.2.6/tcp/1/p2p/{Two}");

        Assert.Equal([$"/ip4/192.0.2.1/tcp/1/p2p/{One}/p2p-circuit/p2p/{Two}"], Resolve($"/dns4/r.example/tcp/1/p2p/{One}/p2p-circuit/p2p/{Two}"));
        Assert.Equal([$"/ip4/192.0.2.5/tcp/1/p2p/{One}/p2p-circuit/p2p/{Two}"], Resolve($"/dnsaddr/r.example/p2p/{One}/p2p-circuit/p2p/{Two}"));
    }

    [Fact]
    public void An_address_on_numbers_stays_as_it_is() => Assert.Equal(["/ip4/192.0.2.1/tcp/1"], Resolve("/ip4/192.0.2.1/tcp/1"));

    [Fact]
    public void The_name_servers_words_are_the_failure()
    {
        _zone["a.example A"] = new DnsOutcome(DnsOutcomeKind.NoSuchName, [], [], null, "192.0.2.53 says that a.example does not exist");

        Assert.Equal("192.0.2.53 says that a.example does not exist", Run("/dns4/a.example/tcp/1").Failure);
    }

    [Fact]
    public void Text_records_without_a_fitting_address_say_so()
    {
        _zone["_dnsaddr.a.example TXT"] = Messages.Texts("v=spf1 -all", $"dnsaddr=/ip4/192.0.2.1/tcp/1/p2p/{One}");

        Assert.Contains($"no dnsaddr=…/p2p/{Two}", Run($"/dnsaddr/a.example/p2p/{Two}").Failure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_is_none_fails_without_a_question()
    {
        Assert.Contains("no domain name", Run("/dns4/a..example/tcp/1").Failure, StringComparison.Ordinal);
        Assert.Empty(_asked);
    }

    [Fact]
    public void An_answer_that_was_not_asked_for_changes_nothing()
    {
        var resolution = new NameResolution(Multiaddr.Parse("/dns4/a.example/tcp/1"), new NameResolutionOptions());

        resolution.OnAnswer(Messages.Question("b.example"), Messages.Found("192.0.2.1"));

        Assert.Null(resolution.Result);
    }

    private List<string> Resolve(string address)
    {
        var result = Run(address);
        Assert.Null(result.Failure);
        return [.. result.Addresses.Select(a => a.ToString())];
    }

    private ResolvedNames Run(string address)
    {
        var resolution = new NameResolution(Multiaddr.Parse(address), new NameResolutionOptions());
        while (resolution.Result is null)
        {
            foreach (var question in resolution.Questions().ToArray())
            {
                _asked.Add(question.ToString());
                resolution.OnAnswer(
                    question, _zone.GetValueOrDefault(question.ToString()) ?? new DnsOutcome(DnsOutcomeKind.NoSuchName, [], [], null, "none"));
            }
        }

        return resolution.Result;
    }
}
