using NatActors.Multiformats;
using NatActors.Protocols.Records;
using NatActors.Protocols.Relay;

namespace NatActors.Protocols.Tests.Relay;

public sealed class ReservationMachineTests
{
    private static readonly PrivateKey RelayKey = Peers.Key(1);
    private static readonly PeerId Self = Peers.Id(2);
    private static readonly Multiaddr Relay = Multiaddr.Parse($"/ip4/192.0.1.1/tcp/4001/p2p/{RelayKey.PeerId}");
    private static readonly DateTimeOffset Wall = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private TimeSpan _now = TimeSpan.FromHours(1);

    [Fact]
    public void Connects_asks_and_holds()
    {
        var machine = Machine();
        Assert.IsType<ReservationEffect.Connect>(Assert.Single(machine.Start()));
        Assert.IsType<ReservationEffect.Exchange>(Assert.Single(machine.OnConnected(Relay, _now)));
        var held = Assert.IsType<ReservationEffect.Held>(Assert.Single(machine.OnAnswer(Granted(TimeSpan.FromHours(1)), _now, Wall)));
        Assert.Equal(Wall + TimeSpan.FromHours(1), held.Expires);
        Assert.Equal($"{Relay}/p2p-circuit/p2p/{Self}", Assert.Single(held.Addresses).ToString());
        Assert.False(held.Refreshed);
        Assert.True(machine.IsHeld);
    }

    [Fact]
    public void Refreshes_at_three_quarters_of_its_life()
    {
        var machine = Held(TimeSpan.FromHours(1));
        Assert.Equal(_now + TimeSpan.FromMinutes(45), machine.NextDeadline);
        Assert.Empty(machine.OnDeadline(_now + TimeSpan.FromMinutes(44)));
        Advance(TimeSpan.FromMinutes(45));
        Assert.IsType<ReservationEffect.Exchange>(Assert.Single(machine.OnDeadline(_now)));
        var held = Assert.IsType<ReservationEffect.Held>(
            Assert.Single(machine.OnAnswer(Granted(TimeSpan.FromHours(1) + TimeSpan.FromMinutes(45)), _now, Wall + TimeSpan.FromMinutes(45))));
        Assert.True(held.Refreshed);
    }

    [Fact]
    public void A_relay_that_grants_moments_makes_no_busy_loop()
    {
        var least = new ReservationOptions().FirstRetry;
        Assert.Equal(_now + least, Held(TimeSpan.FromMilliseconds(201)).NextDeadline);

        // One that ends before it may be asked again is lost, and asked for after the usual wait.
        var machine = Held(TimeSpan.FromTicks(1));
        Assert.Equal(_now + TimeSpan.FromTicks(1), machine.NextDeadline);
        var effects = machine.OnDeadline(_now + TimeSpan.FromTicks(1));
        Assert.IsType<ReservationEffect.Lost>(effects[0]);
        Assert.True(Assert.IsType<ReservationEffect.Failed>(effects[1]).RetryIn >= least);
    }

    [Fact]
    public void Jitter_only_ever_refreshes_earlier()
    {
        var machine = new ReservationMachine(Relay, Self, new ReservationOptions(), new Peers.Fixed([0xff, 0x3a, 0x91]));
        machine.Start();
        machine.OnConnected(Relay, _now);
        machine.OnAnswer(Granted(TimeSpan.FromHours(1)), _now, Wall);
        Assert.InRange(machine.NextDeadline!.Value - _now, TimeSpan.FromMinutes(39), TimeSpan.FromMinutes(45) - TimeSpan.FromTicks(1));
    }

    [Fact]
    public void A_failed_refresh_is_tried_again_and_the_slot_stays_until_its_end()
    {
        var machine = Held(TimeSpan.FromMinutes(10));
        Advance(TimeSpan.FromMinutes(7.5));
        machine.OnDeadline(_now);
        Assert.Empty(machine.OnExchangeFailed("reset", _now));
        Assert.True(machine.IsHeld);
        Assert.Equal(_now + TimeSpan.FromSeconds(15), machine.NextDeadline);
        while (machine.IsHeld)
        {
            _now = machine.NextDeadline!.Value;
            var effects = machine.OnDeadline(_now);
            if (effects is [ReservationEffect.Exchange])
            {
                Assert.Empty(machine.OnExchangeFailed("reset", _now));
                continue;
            }

            Assert.Contains(effects, e => e is ReservationEffect.Lost);
        }

        Assert.Equal(TimeSpan.FromHours(1) + TimeSpan.FromMinutes(10), _now);
        Assert.Equal(ReservationState.Waiting, machine.State);
    }

    [Fact]
    public void A_lost_relay_is_tried_again_soon_and_then_ever_more_slowly_up_to_a_bound()
    {
        var machine = Held(TimeSpan.FromHours(1));
        Assert.Equal("reset", Assert.IsType<ReservationEffect.Lost>(Assert.Single(machine.OnDisconnected("reset", _now))).Reason);
        var waits = new List<double>();
        for (var i = 0; i < 12; i++)
        {
            waits.Add((machine.NextDeadline!.Value - _now).TotalSeconds);
            _now = machine.NextDeadline!.Value;
            Assert.IsType<ReservationEffect.Connect>(Assert.Single(machine.OnDeadline(_now)));
            Assert.IsType<ReservationEffect.Failed>(Assert.Single(machine.OnConnectFailed("refused", _now)));
        }

        Assert.Equal([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30, 30, 30], waits.Select(w => Math.Round(w, 3)));
    }

    [Fact]
    public void Success_forgets_the_failures()
    {
        var machine = Held(TimeSpan.FromHours(1));
        machine.OnDisconnected("reset", _now);
        _now = machine.NextDeadline!.Value;
        machine.OnDeadline(_now);
        machine.OnConnected(Relay, _now);
        machine.OnAnswer(Granted(TimeSpan.FromHours(1)), _now, Wall);
        machine.OnDisconnected("reset", _now);
        Assert.Equal(TimeSpan.FromMilliseconds(200), machine.NextDeadline - _now);
    }

    [Fact]
    public void A_relay_that_says_no_is_left_in_peace_for_longer()
    {
        var machine = Asking();
        var refusal = new HopDecoded(new HopMessage.Status(RelayStatus.ReservationRefused, null, RelayLimits.None), RelayMessageFault.None);
        var failed = Assert.IsType<ReservationEffect.Failed>(Assert.Single(machine.OnAnswer(refusal, _now, Wall)));
        Assert.Equal(RelayStatus.ReservationRefused.InWords(), failed.Reason);
        Assert.Equal(TimeSpan.FromSeconds(10), failed.RetryIn);
    }

    [Fact]
    public void A_silent_relay_is_given_up_after_ten_seconds()
    {
        var machine = Asking();
        Advance(TimeSpan.FromSeconds(10));
        Assert.Collection(
            machine.OnDeadline(_now),
            e => Assert.IsType<ReservationEffect.CancelExchange>(e),
            e => Assert.IsType<ReservationEffect.Failed>(e));
    }

    [Fact]
    public void A_network_that_comes_back_is_tried_at_once()
    {
        var machine = Asking();
        machine.OnDisconnected("unreachable", _now);
        Assert.IsType<ReservationEffect.Connect>(Assert.Single(machine.Start()));
    }

    [Fact]
    public void A_voucher_of_the_relay_for_us_is_good() =>
        Assert.Single(Asking().OnAnswer(WithVoucher(RelayKey, Self), _now, Wall).OfType<ReservationEffect.Held>());

    [Theory]
    [InlineData(3, 2)]
    [InlineData(1, 3)]
    public void A_voucher_of_another_signer_or_for_another_peer_is_refused(int signer, int peer)
    {
        var failed = Asking().OnAnswer(WithVoucher(Peers.Key(signer), Peers.Id(peer)), _now, Wall);
        Assert.Contains("voucher", Assert.IsType<ReservationEffect.Failed>(Assert.Single(failed)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_end_in_the_past_is_refused_and_the_clocks_are_named()
    {
        var failed = Asking().OnAnswer(Granted(TimeSpan.FromSeconds(-1)), _now, Wall);
        Assert.Contains("clock", Assert.IsType<ReservationEffect.Failed>(Assert.Single(failed)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_end_in_a_thousand_years_is_not_believed()
    {
        var held = Asking().OnAnswer(Granted(TimeSpan.FromDays(365_000)), _now, Wall);
        Assert.Equal(Wall + TimeSpan.FromHours(24), Assert.IsType<ReservationEffect.Held>(Assert.Single(held)).Expires);
    }

    [Fact]
    public void A_reservation_without_an_end_is_refused()
    {
        var answer = new HopMessage.Status(RelayStatus.Ok, new RelayReservation(null, [], null), RelayLimits.None);
        Assert.IsType<ReservationEffect.Failed>(Assert.Single(Asking().OnAnswer(new HopDecoded(answer, RelayMessageFault.None), _now, Wall)));
    }

    private void Advance(TimeSpan by) => _now += by;

    private static ReservationMachine Machine() => new(Relay, Self, new ReservationOptions(), Peers.NoJitter);

    private ReservationMachine Asking()
    {
        var machine = Machine();
        machine.Start();
        machine.OnConnected(Relay, _now);
        return machine;
    }

    private ReservationMachine Held(TimeSpan lifetime)
    {
        var machine = Asking();
        Assert.Single(machine.OnAnswer(Granted(lifetime), _now, Wall));
        return machine;
    }

    private static HopDecoded Granted(TimeSpan lifetime) => new(
        new HopMessage.Status(RelayStatus.Ok, new RelayReservation(Wall + lifetime, [], null), RelayLimits.None), RelayMessageFault.None);

    private static HopDecoded WithVoucher(PrivateKey signer, PeerId peer)
    {
        var expires = Wall + TimeSpan.FromHours(1);
        var voucher = new ReservationVoucher(signer.PeerId, peer, expires).Seal(signer);
        return new HopDecoded(new HopMessage.Status(RelayStatus.Ok, new RelayReservation(expires, [], voucher), RelayLimits.None), RelayMessageFault.None);
    }
}
