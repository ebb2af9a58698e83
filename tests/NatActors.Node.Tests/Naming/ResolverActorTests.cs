using System.Net;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Naming;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Naming;

public sealed class ResolverActorTests : TestKit
{
    private readonly ScriptedNameServers _servers = new()
    {
        Hosts = new Dictionary<string, IReadOnlyList<IPAddress>> { ["box.example"] = [IPAddress.Parse("10.0.0.7")] },
    };

    private readonly IActorRef _resolver;

    public ResolverActorTests()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
        var node = MakeNode(1) with { NameServers = _servers, NameServerExchange = _servers };
        _resolver = Sys.ActorOf(Props.Create(typeof(ResolverActor), node));
    }

    [Fact]
    public void A_name_becomes_its_addresses()
    {
        _servers.A("a.example", "192.0.2.1", "192.0.2.2");

        Assert.Equal(["/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.2/tcp/1"], Resolve("/dns4/a.example/tcp/1"));
    }

    [Fact]
    public void An_answer_is_kept_and_asked_for_anew_once_forgotten()
    {
        _servers.A("a.example", "192.0.2.1").DnsAddr("boot.example", Multiaddr.Parse("/dns4/a.example/tcp/1"));
        Resolve("/dnsaddr/boot.example");
        Resolve("/dns4/a.example/tcp/2");
        Assert.Equal(["_dnsaddr.boot.example", "a.example"], _servers.Asked);

        _servers.A("a.example", "192.0.2.9");
        _resolver.Tell(new ResolverMessages.Forget(Multiaddr.Parse("/dnsaddr/boot.example")));

        Assert.Equal(["/ip4/192.0.2.9/tcp/1"], Resolve("/dnsaddr/boot.example"));
        Assert.Equal(4, _servers.Asked.Count);
    }

    [Fact]
    public void Questions_beyond_the_queue_are_answered_at_once()
    {
        var node = MakeNode(2, new NodeOptions { Abuse = new AbuseOptions { MaxQueuedLookups = 2 } }) with
        {
            NameServers = _servers, NameServerExchange = _servers,
        };
        var resolver = Sys.ActorOf(Props.Create(typeof(ResolverActor), node));

        // As many as are asked at once, two that wait, and one more.
        for (var i = 0; i <= ResolverActor.MaxLookups + 2; i++)
        {
            resolver.Tell(new ResolverMessages.Resolve(i, Multiaddr.Parse($"/dns4/n{i}.example/tcp/1"), TestActor));
        }

        var refused = ExpectMsg<ResolverMessages.NotResolved>(Patience);
        Assert.Equal(ResolverActor.MaxLookups + 2, refused.Id);
        Assert.Contains("too many names", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void What_this_machine_knows_is_not_asked_for()
    {
        Assert.Equal(["/ip4/10.0.0.7/tcp/1"], Resolve("/dns4/box.example/tcp/1"));
        Assert.Equal(["/ip6/::1/tcp/1", "/ip4/127.0.0.1/tcp/1"], Resolve("/dns/localhost/tcp/1"));
        Assert.Equal(["/ip4/192.0.2.7/tcp/1"], Resolve("/dns4/192.0.2.7/tcp/1"));
        Assert.Empty(_servers.Asked);
    }

    [Fact]
    public void A_name_that_does_not_exist_is_told_with_the_servers_words()
    {
        _resolver.Tell(new ResolverMessages.Resolve(3, Multiaddr.Parse("/dns4/none.example/tcp/1"), TestActor));

        var failed = ExpectMsg<ResolverMessages.NotResolved>(Patience);

        Assert.Equal(3, failed.Id);
        Assert.Contains("192.0.2.53 says that none.example does not exist", failed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Requests_for_the_same_name_share_one_lookup_and_each_is_answered()
    {
        _servers.A("a.example", "192.0.2.1");
        var held = _servers.Hold("a.example");
        _resolver.Tell(new ResolverMessages.Resolve(1, Multiaddr.Parse("/dns4/a.example/tcp/1"), TestActor));
        _resolver.Tell(new ResolverMessages.Resolve(2, Multiaddr.Parse("/dns4/a.example/tcp/1"), TestActor));
        _resolver.Tell(new ResolverMessages.Resolve(3, Multiaddr.Parse("/dns4/a.example/tcp/2"), TestActor));
        _resolver.Tell(new ResolverMessages.Resolve(4, Multiaddr.Parse("/dns4/a.example/tcp/2"), TestActor));
        _resolver.Tell(new ResolverMessages.Cancel(4, TestActor));
        Handled();

        held.SetResult();

        var ids = new[] { 1, 2, 3 }.Select(_ => ExpectMsg<ResolverMessages.Resolved>(Patience).Id).Order();
        Assert.Equal([1, 2, 3], ids);
        Handled();
        Assert.Single(_servers.Asked);
    }

    [Fact]
    public void More_lookups_than_may_run_at_once_wait_for_a_place()
    {
        var held = _servers.Hold("n0.example");
        for (var i = 0; i < 40; i++)
        {
            _servers.A($"n{i}.example", "192.0.2.1");
            _resolver.Tell(new ResolverMessages.Resolve(i, Multiaddr.Parse($"/dns4/n{i}.example/tcp/1"), TestActor));
        }

        var answered = Enumerable.Range(1, 39).Select(_ => ExpectMsg<ResolverMessages.Resolved>(Patience).Id).ToHashSet();
        Assert.DoesNotContain(0, answered);

        held.SetResult();
        Assert.Equal(0, ExpectMsg<ResolverMessages.Resolved>(Patience).Id);
    }

    [Fact]
    public void A_request_ends_with_what_was_found_when_the_rest_takes_too_long()
    {
        _servers.DnsAddr("boot.example", Multiaddr.Parse("/ip4/192.0.2.1/tcp/1"), Multiaddr.Parse("/dns4/slow.example/tcp/1"));
        _servers.Hold("slow.example");
        _resolver.Tell(new ResolverMessages.Resolve(1, Multiaddr.Parse("/dnsaddr/boot.example"), TestActor));
        AwaitAssert(() => Assert.Equal(2, _servers.Asked.Count), Patience);

        ((TestScheduler)Sys.Scheduler).Advance(ResolverActor.Timeout);

        Assert.Single(ExpectMsg<ResolverMessages.Resolved>(Patience).Addresses);
    }

    [Fact]
    public void Open_requests_are_refused_when_the_resolver_stops()
    {
        _servers.Hold("a.example");
        _resolver.Tell(new ResolverMessages.Resolve(1, Multiaddr.Parse("/dns4/a.example/tcp/1"), TestActor));
        Handled();

        Sys.Stop(_resolver);

        Assert.Equal(1, ExpectMsg<ResolverMessages.NotResolved>(Patience).Id);
    }

    private List<string> Resolve(string address)
    {
        _resolver.Tell(new ResolverMessages.Resolve(1, Multiaddr.Parse(address), TestActor));
        return [.. ExpectMsg<ResolverMessages.Resolved>(Patience).Addresses.Select(a => a.ToString())];
    }

    private void Handled()
    {
        _resolver.Tell(new Akka.Actor.Identify(1));
        ExpectMsg<ActorIdentity>(Patience);
    }
}

/// <summary>On the real clock, for a lookup looks at it when its time is over.</summary>
public sealed class SilentNameServerTests : TestKit
{
    [Fact]
    public void A_server_that_never_answers_is_asked_again_and_fails_the_request()
    {
        var servers = new ScriptedNameServers { Timeout = TimeSpan.FromMilliseconds(20) };
        servers.Hold("a.example");
        var resolver = Sys.ActorOf(Props.Create(
            typeof(ResolverActor), MakeNode(1) with { NameServers = servers, NameServerExchange = servers }));

        resolver.Tell(new ResolverMessages.Resolve(1, Multiaddr.Parse("/dns4/a.example/tcp/1"), TestActor));

        Assert.Contains("192.0.2.53 did not answer within 0", ExpectMsg<ResolverMessages.NotResolved>(Patience).Reason, StringComparison.Ordinal);
        Assert.Equal(["a.example", "a.example"], servers.Asked);
    }
}
