using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Relay;

namespace NatActors.Protocols.Tests.Relay;

public sealed class RelaySelectionTests
{
    private static readonly TimeSpan Ms = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly RelayLimits Usual = new(TimeSpan.FromMinutes(2), 128 * 1024);

    private readonly RelaySelectionOptions _options = new();
    private readonly RelaySelection _selection;
    private readonly List<RelaySelectionEffect> _effects = [];
    private TimeSpan _now = TimeSpan.FromHours(1);

    public RelaySelectionTests() => _selection = new RelaySelection(_options, Peers.NoJitter);

    [Fact]
    public void The_nearest_two_are_taken_once_the_node_is_private()
    {
        Start();
        Candidate(1, 80);
        Candidate(2, 20);
        Candidate(3, 40);

        Verdict(Reachability.Private);

        Assert.Equal([2, 3], Reserved());
    }

    [Fact]
    public void Without_a_verdict_six_seconds_are_waited()
    {
        Start();
        Candidate(1, 20);
        Advance(_options.VerdictWait - Ms);
        Assert.Empty(Reserved());

        Advance(Ms);

        Assert.Equal([1], Reserved());
    }

    [Fact]
    public void A_public_node_takes_none_however_long_it_waits()
    {
        Start();
        Verdict(Reachability.Public);
        Candidate(1, 20);

        Advance(TimeSpan.FromHours(1));

        Assert.Empty(Reserved());
    }

    [Fact]
    public void A_node_that_is_a_relay_itself_takes_none_before_it_is_known_to_be_private()
    {
        var selection = new RelaySelection(_options with { OnlyWhenPrivate = true }, Peers.NoJitter);
        selection.Start(_now);
        selection.OnCandidate(Relay(1), _now);
        selection.OnMeasured(Peers.Id(1), 20 * Ms, _now);

        Assert.Empty(selection.OnDeadline(_now + TimeSpan.FromMinutes(1)).OfType<RelaySelectionEffect.Reserve>());
        Assert.Single(selection.OnVerdict(Reachability.Private, _now + TimeSpan.FromMinutes(1)).OfType<RelaySelectionEffect.Reserve>());
    }

    [Fact]
    public void All_are_given_back_when_the_node_becomes_public_and_taken_again_when_it_is_private()
    {
        Private(1, 2);
        Hold(1);
        Hold(2);

        Verdict(Reachability.Public);

        Assert.Equal([1, 2], GivenBack().Order());
        Assert.Contains("publicly reachable", _effects.OfType<RelaySelectionEffect.GiveBack>().First().Reason, StringComparison.Ordinal);
        _effects.Clear();
        Verdict(Reachability.Private);
        Assert.Equal([1, 2], Reserved().Order());
    }

    [Fact]
    public void What_is_held_stays_while_the_verdict_is_unknown()
    {
        Private(1);
        Hold(1);

        Verdict(Reachability.Unknown);

        Assert.Empty(GivenBack());
    }

    [Fact]
    public void A_choice_waits_for_measurements_under_way_but_not_for_long()
    {
        Start();
        Verdict(Reachability.Private);
        Do(_selection.OnCandidate(Relay(1), _now));
        Do(_selection.OnCandidate(Relay(2), _now));
        Assert.Equal([1, 2], _effects.OfType<RelaySelectionEffect.Measure>().Select(m => Number(m.Relay)));
        Do(_selection.OnMeasured(Peers.Id(2), 900 * Ms, _now));
        Assert.Empty(Reserved());

        Advance(_options.MeasureWait);

        Assert.Equal([2, 1], Reserved());
    }

    [Fact]
    public void A_relay_on_another_network_is_worth_a_detour()
    {
        Start();
        Candidate(1, 20, "/ip4/20.1.0.1/tcp/1");
        Candidate(2, 30, "/ip4/20.1.0.2/tcp/1");
        Candidate(3, 200, "/ip4/40.1.0.1/tcp/1");

        Verdict(Reachability.Private);

        Assert.Equal([1, 3], Reserved());
    }

    [Fact]
    public void A_relay_that_only_a_private_network_reaches_comes_last()
    {
        Start();
        Candidate(1, 1, "/ip4/10.0.0.1/tcp/1");
        Candidate(2, 200, "/ip4/20.1.0.1/tcp/1");
        Candidate(3, 300, "/ip4/30.1.0.1/tcp/1");

        Verdict(Reachability.Private);

        Assert.Equal([2, 3], Reserved());
    }

    [Fact]
    public void A_lost_relay_is_replaced_at_once_and_tried_again_after_its_rest()
    {
        Private(1, 2, 3);
        Hold(1);
        Hold(2);

        Do(_selection.OnLost(Peers.Id(1), "cable", _now));

        Assert.Equal([1], GivenBack());
        Assert.Equal([3], Reserved());
        Do(_selection.OnLost(Peers.Id(2), "cable", _now));
        Assert.Equal([3], Reserved());
        Advance(_options.FirstRetry);
        Assert.Equal([1], Reserved());
    }

    [Fact]
    public void A_relay_that_refuses_rests_longer_and_longer()
    {
        Private(1);
        var rests = new List<double>();
        for (var i = 0; i < 12; i++)
        {
            Do(_selection.OnFailed(Peers.Id(1), RelayFailure.Refused, "full", _now));
            _effects.Clear();
            var from = _now;
            while (Reserved().Count == 0)
            {
                Advance(_selection.NextDeadline!.Value - _now);
            }

            rests.Add((_now - from).TotalSeconds);
        }

        Assert.Equal([10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600], rests);
    }

    [Fact]
    public void A_relay_that_grants_and_cuts_over_and_over_rests_longer_and_longer_until_it_holds()
    {
        Private(1);
        Hold(1);
        Lose(1);
        Advance(_options.FirstRetry);
        Hold(1);
        Lose(1);
        Advance(_options.FirstRetry);
        Assert.Empty(Reserved());
        Advance(_options.FirstRetry);
        Assert.Equal([1], Reserved());

        Hold(1);
        Advance(_options.StableAfter);
        Lose(1);
        Advance(_options.FirstRetry);
        Assert.Equal([1], Reserved());

        void Lose(int relay)
        {
            Do(_selection.OnLost(Peers.Id(relay), "cut", _now));
            _effects.Clear();
        }
    }

    [Fact]
    public void A_peer_that_is_no_relay_is_left_alone_until_it_says_that_it_is_one()
    {
        Private(1);
        Do(_selection.OnFailed(Peers.Id(1), RelayFailure.NoRelay, "none", _now));
        _effects.Clear();
        Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(Reserved());

        Do(_selection.OnCandidate(Relay(1), _now));

        Assert.Equal([1], Reserved());
    }

    [Fact]
    public void A_peer_that_stops_relaying_is_no_candidate()
    {
        Start();
        Candidate(1, 20);
        Do(_selection.OnNoRelay(Peers.Id(1), _now));

        Verdict(Reachability.Private);

        Assert.Empty(Reserved());
    }

    [Fact]
    public void A_disconnected_candidate_is_used_for_half_an_hour()
    {
        Start();
        Verdict(Reachability.Public);
        Candidate(1, 20);
        Candidate(2, 30);
        Do(_selection.OnDisconnected(Peers.Id(1), _now));
        Do(_selection.OnDisconnected(Peers.Id(2), _now));
        _now += _options.CandidateAge - Ms;
        Do(_selection.OnCandidate(Relay(2), _now));
        _now += Ms;

        Verdict(Reachability.Private);

        Assert.Equal([2], Reserved());
    }

    [Fact]
    public void A_suggested_relay_is_connected_to_only_when_one_is_missing()
    {
        Start();
        Do(_selection.OnSuggested(Relay(1), _now));
        Assert.Empty(_effects);

        Verdict(Reachability.Private);

        Assert.Equal(1, Number(Assert.IsType<RelaySelectionEffect.Measure>(Assert.Single(_effects)).Relay));
        Do(_selection.OnMeasured(Peers.Id(1), 10 * Ms, _now));
        Assert.Equal([1], Reserved());
    }

    [Fact]
    public void A_suggested_relay_that_cannot_be_measured_is_tried_all_the_same()
    {
        Start();
        Do(_selection.OnSuggested(Relay(1), _now));
        Verdict(Reachability.Private);

        Do(_selection.OnMeasured(Peers.Id(1), null, _now));

        Assert.Equal([1], Reserved());
    }

    [Fact]
    public void Relays_that_the_owner_names_count_and_are_never_given_back()
    {
        Start();
        Do(_selection.OnNamed(Relay(1), _now));
        Do(_selection.OnHeld(Peers.Id(1), Usual, _now));
        Candidate(2, 20);
        Candidate(3, 30);

        Verdict(Reachability.Private);
        Assert.Equal([2], Reserved());
        Verdict(Reachability.Public);

        Assert.Equal([2], GivenBack());
    }

    [Fact]
    public void Another_relay_stands_in_for_a_named_one_and_goes_at_a_review_once_that_is_back()
    {
        Start();
        Verdict(Reachability.Private);
        Do(_selection.OnNamed(Relay(1), _now));
        Do(_selection.OnNamed(Relay(2), _now));
        Candidate(3, 20);
        Assert.Empty(Reserved());

        Do(_selection.OnFailed(Peers.Id(1), RelayFailure.Unreachable, "down", _now));
        Assert.Equal([3], Reserved());
        Hold(3);
        Do(_selection.OnHeld(Peers.Id(1), Usual, _now));
        Assert.Empty(GivenBack());
        Advance(_options.ReviewEvery);

        Assert.Equal([3], GivenBack());
    }

    [Fact]
    public void A_relay_twice_as_good_replaces_a_held_one_and_comes_first()
    {
        Private(1, 2);
        Hold(1);
        Hold(2);
        Candidate(3, 2);

        Advance(_options.ReviewEvery);
        Assert.Equal([3], Reserved());
        Assert.Empty(GivenBack());
        Hold(3);

        Assert.Equal([2], GivenBack());
    }

    [Fact]
    public void A_relay_that_the_owner_names_while_a_better_one_is_asked_for_is_not_given_back()
    {
        Private(1, 2);
        Hold(1);
        Hold(2);
        Candidate(3, 2);
        Advance(_options.ReviewEvery);
        Assert.Equal([3], Reserved());

        Do(_selection.OnNamed(new RelayCandidate(Peers.Id(2), [Multiaddr.Parse($"/ip4/192.0.2.2/tcp/4001/p2p/{Peers.Id(2)}")]), _now));
        Hold(3);

        Assert.Empty(GivenBack());
    }

    [Fact]
    public void A_relay_a_little_better_replaces_none()
    {
        Private(1, 2);
        Hold(1);
        Hold(2);
        Candidate(3, 150);

        Advance(_options.ReviewEvery);

        Assert.Empty(Reserved());
    }

    [Fact]
    public void A_better_relay_that_refuses_leaves_all_as_it_was()
    {
        Private(1, 2);
        Hold(1);
        Hold(2);
        Candidate(3, 2);
        Advance(_options.ReviewEvery);

        Do(_selection.OnFailed(Peers.Id(3), RelayFailure.Refused, "full", _now));

        Assert.Equal([3], GivenBack());
        Advance(_options.ReviewEvery);
        Assert.Empty(Reserved());
    }

    [Fact]
    public void Relays_are_exchanged_for_better_ones_only_rarely_and_never_while_peers_use_them()
    {
        Private(1, 2);
        Hold(1);
        Hold(2);
        Candidate(3, 2);
        _selection.OnUse(Peers.Id(2), new RelayUse(1, 0.5));
        _selection.OnUse(Peers.Id(1), new RelayUse(1, 0.5));
        Advance(_options.ReviewEvery);
        Assert.Empty(Reserved());

        _selection.OnUse(Peers.Id(2), RelayUse.None);
        Advance(_options.ReviewEvery);
        Assert.Equal([3], Reserved());
        Hold(3);
        _selection.OnUse(Peers.Id(1), RelayUse.None);
        _effects.Clear();
        Candidate(4, 1);
        Advance(_options.ReviewEvery);
        Assert.Empty(Reserved());
        Advance(_options.ReplaceAtMostEvery);

        Assert.Equal([4], Reserved());
    }

    [Fact]
    public void A_relay_with_a_small_budget_is_worth_less()
    {
        Private(1, 2);
        Do(_selection.OnHeld(Peers.Id(1), new RelayLimits(TimeSpan.FromSeconds(10), 4096), _now));
        Hold(2);
        _effects.Clear();
        Candidate(3, 150);

        Advance(_options.ReviewEvery);
        Hold(3);

        Assert.Equal([1], GivenBack());
    }

    [Fact]
    public void A_relay_whose_circuits_are_used_up_is_worth_less_at_the_next_choice()
    {
        Private(1, 2, 3);
        Hold(1);
        _selection.OnUse(Peers.Id(1), new RelayUse(16, 0));
        Do(_selection.OnLost(Peers.Id(1), "cut", _now));
        Do(_selection.OnLost(Peers.Id(2), "cut", _now));
        Do(_selection.OnLost(Peers.Id(3), "cut", _now));
        _effects.Clear();

        Advance(_options.FirstRetry);

        Assert.Equal([2, 3], Reserved());
    }

    [Fact]
    public void A_changed_network_forgives_who_could_not_be_reached_but_not_who_refused()
    {
        Private(1, 2);
        Do(_selection.OnFailed(Peers.Id(1), RelayFailure.Unreachable, "no route", _now));
        Do(_selection.OnFailed(Peers.Id(2), RelayFailure.Refused, "full", _now));
        _effects.Clear();

        Do(_selection.OnNetworkChanged(_now));
        Do(_selection.OnMeasured(Peers.Id(1), 20 * Ms, _now));

        Assert.Equal([1], Reserved());
    }

    [Fact]
    public void Candidates_beyond_the_bound_push_out_the_one_of_least_use()
    {
        Start();
        Do(_selection.OnSuggested(Relay(500), _now));
        for (var i = 1; i <= _options.MaxCandidates + 10; i++)
        {
            _now += Ms;
            Do(_selection.OnCandidate(Relay(i), _now));
        }

        Assert.Equal(_options.MaxCandidates + 1, _selection.Describe(_now).Count);
        Assert.Contains(_selection.Describe(_now), c => c.Peer == Peers.Id(500));
    }

    [Fact]
    public void No_relays_wanted_means_none_looked_for()
    {
        var selection = new RelaySelection(_options with { Relays = 0 }, Peers.NoJitter);
        selection.Start(_now);
        selection.OnCandidate(Relay(1), _now);

        Assert.Empty(selection.OnVerdict(Reachability.Private, _now + TimeSpan.FromHours(1)));
    }

    [Fact]
    public void Candidates_are_described_with_the_reason_why_they_are_not_used()
    {
        Private(1, 2, 3);
        Hold(1);
        Do(_selection.OnFailed(Peers.Id(2), RelayFailure.Refused, "full", _now));

        var described = _selection.Describe(_now).ToDictionary(c => Number(c.Peer));

        Assert.True(described[1].Kept);
        Assert.Equal("full; tried again in 10 s", described[2].Why);
        Assert.Equal(100 * Ms, described[1].Latency);
    }

    private void Start() => Do(_selection.Start(_now));

    /// <summary>A private node that knows these relays, 100 ms away and on networks of their own, the nearer the earlier; two are asked.</summary>
    private void Private(params int[] relays)
    {
        Start();
        for (var i = 0; i < relays.Length; i++)
        {
            Candidate(relays[i], 100 + (20 * i));
        }

        Verdict(Reachability.Private);
        _effects.Clear();
    }

    private void Candidate(int number, int milliseconds, string? address = null)
    {
        Do(_selection.OnCandidate(Relay(number, address), _now));
        Do(_selection.OnMeasured(Peers.Id(number), milliseconds * Ms, _now));
    }

    private void Hold(int number)
    {
        _effects.Clear();
        Do(_selection.OnHeld(Peers.Id(number), Usual, _now));
    }

    private void Verdict(Reachability verdict) => Do(_selection.OnVerdict(verdict, _now));

    /// <summary>Time goes on, from deadline to deadline; measurements end at once with what is known.</summary>
    private void Advance(TimeSpan time)
    {
        _effects.Clear();
        var end = _now + time;
        while (_selection.NextDeadline is { } deadline && deadline <= end)
        {
            _now = deadline;
            Do(_selection.OnDeadline(_now));
            foreach (var measure in _effects.OfType<RelaySelectionEffect.Measure>().ToArray())
            {
                Do(_selection.OnMeasured(measure.Relay, _selection.LatencyOf(measure.Relay), _now));
            }
        }

        _now = end;
    }

    private void Do(IReadOnlyList<RelaySelectionEffect> effects) => _effects.AddRange(effects);

    private List<int> Reserved() => [.. _effects.OfType<RelaySelectionEffect.Reserve>().Select(r => Number(r.Relay))];

    private List<int> GivenBack() => [.. _effects.OfType<RelaySelectionEffect.GiveBack>().Select(r => Number(r.Relay))];

    private static readonly Dictionary<PeerId, int> Numbers = Enumerable.Range(1, 600).ToDictionary(Peers.Id);

    private static int Number(PeerId peer) => Numbers[peer];

    private static RelayCandidate Relay(int number, string? address = null) =>
        new(Peers.Id(number), [Multiaddr.Parse(address ?? $"/ip4/20.{number % 250}.0.1/tcp/{number}").WithPeerId(Peers.Id(number))]);
}
