using NatActors.Protocols.AutoNat;
using static NatActors.Protocols.Tests.AutoNat.ServerHarness;

namespace NatActors.Protocols.Tests.AutoNat;

public sealed class SecondPortServerRulesTests
{
    [Fact]
    public void As_many_ports_are_open_as_allowed_and_one_more_when_one_is_closed()
    {
        var rules = new SecondPortServerRules(new AutoNatServerOptions { ConcurrentSecondPorts = 2 });
        Assert.True(rules.OnAsk(From(1), Start));
        Assert.True(rules.OnAsk(From(2), Start));
        Assert.False(rules.OnAsk(From(3), Start));

        rules.OnEnded();

        Assert.True(rules.OnAsk(From(3), Start));
    }

    [Fact]
    public void A_peer_a_network_and_all_together_get_so_many_a_minute()
    {
        var options = new AutoNatServerOptions();

        Assert.Equal(4, Granted(options, _ => Client(1), 40));
        Assert.Equal(4, Granted(options, i => Client(i, "/ip4/12.0.0.1/tcp/1"), 40));
        Assert.Equal(4, Granted(options, i => Client(i, $"/ip6/2a00:1:2::{i + 1:x}/tcp/1"), 40));
        Assert.Equal(30, Granted(options, From, 40));
        Assert.Equal(0, Granted(options with { SecondPortsPerMinute = 0 }, From, 40));
    }

    [Fact]
    public void After_a_minute_there_is_room_again_and_what_is_remembered_is_what_was_granted()
    {
        var rules = new SecondPortServerRules(new AutoNatServerOptions { SecondPortsPerMinute = 3, ConcurrentSecondPorts = 1000 });
        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal(i < 3, rules.OnAsk(From(i), Start));
        }

        Assert.Equal(3, rules.Remembered);
        Assert.True(rules.OnAsk(From(1), Start + AutoNatServerWindow.Length));
    }

    [Fact]
    public void A_relayed_client_is_not_served() => Assert.False(
        new SecondPortServerRules(new AutoNatServerOptions()).OnAsk(From(1) with { Relayed = true }, Start));

    [Theory]
    [InlineData("/ip4/12.0.0.1/tcp/50000", true)]
    [InlineData("/ip6/::ffff:12.0.0.1/tcp/4001", true)]
    [InlineData("/ip4/12.0.0.2/tcp/4001", false)]
    [InlineData("/ip6/2a00::1/tcp/4001", false)]
    public void Only_the_clients_address_may_come_whatever_its_port(string from, bool may) =>
        Assert.Equal(may, SecondPortServerRules.MayShow(Address(from), Client(1, "/ip4/12.0.0.1/tcp/4001")));

    [Fact]
    public void A_window_longer_than_the_protocols_is_a_mistake_that_is_told()
    {
        var options = new AutoNatServerOptions { SecondPortWindow = SecondPortProtocol.MaxWindow + TimeSpan.FromSeconds(1), ConcurrentSecondPorts = 0 };

        Assert.Equal(["ConcurrentSecondPorts", "SecondPortWindow"], options.Validate("").Select(m => m[..m.IndexOf(':')]));
    }

    private static AutoNatClient From(int number) => Client(number, $"/ip4/12.0.{number / 250}.{(number % 250) + 1}/tcp/1");

    private static int Granted(AutoNatServerOptions options, Func<int, AutoNatClient> client, int asks)
    {
        var rules = new SecondPortServerRules(options);
        return Enumerable.Range(0, asks).Count(i =>
        {
            var granted = rules.OnAsk(client(i), Start);
            if (granted)
            {
                rules.OnEnded();
            }

            return granted;
        });
    }
}
