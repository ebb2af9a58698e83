using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Port;
using NatActors.Transports.Port;
using NatActors.Transports.Security;

namespace NatActors.Node.Tests.Port;

public sealed class PortOwnerActorTests : PortTestKit
{
    private static readonly Multiaddr Remote = Multiaddr.Parse("/ip4/192.0.1.7/tcp/4001");
    private readonly FakePortBinding _binding;
    private readonly PortsUnderTest _node;

    public PortOwnerActorTests()
    {
        var transport = new FakePortTransport(_ => null);
        _node = Create(transport, new FakeInterfaces(), "/ip4/0.0.0.0/tcp/4001");
        _node.Node.ExpectMsg<PortMessages.Bound>(Guard);
        _binding = transport.Bindings.Take();
    }

    [Fact]
    public void A_failed_connect_is_answered_with_the_systems_words()
    {
        Dial(1);
        _binding.NextConnect().Fail(ConnectFailureKind.Refused);

        var failed = ExpectMsg<PortMessages.DialFailed>(Guard);

        Assert.Equal((1, ConnectFailureKind.Refused), (failed.Id, failed.Failure.Kind));
        Assert.Equal("the system says Refused", failed.Failure.Detail);
    }

    [Fact]
    public void A_dial_that_gets_no_answer_ends_at_its_timeout()
    {
        _node.Ports.Tell(new PortMessages.Dial(1, Remote, DialPort.Shared, TimeSpan.FromMilliseconds(30), TestActor));

        var failed = ExpectMsg<PortMessages.DialFailed>(Guard);

        Assert.Equal(ConnectFailureKind.TimedOut, failed.Failure.Kind);
        Assert.Equal(["connect 1 Shared", "abort 1"], _binding.Calls);
    }

    [Fact]
    public void A_cancelled_dial_is_aborted_and_answered_so()
    {
        Dial(1);
        _binding.NextConnect();
        _node.Ports.Tell(new PortMessages.CancelDial(1, TestActor));

        Assert.Equal(ConnectFailureKind.Aborted, ExpectMsg<PortMessages.DialFailed>(Guard).Failure.Kind);
        Assert.Equal(["connect 1 Shared", "abort 1"], _binding.Calls);
    }

    [Fact]
    public void The_same_id_of_two_requesters_names_two_requests()
    {
        var other = CreateTestProbe();
        Dial(1);
        _node.Ports.Tell(new PortMessages.Dial(1, Remote, DialPort.Fresh, Guard, other.Ref));
        _binding.NextConnect();
        _binding.NextConnect();

        _node.Ports.Tell(new PortMessages.CancelDial(1, other.Ref));

        other.ExpectMsg<PortMessages.DialFailed>(Guard);
        Assert.DoesNotContain("abort 1", _binding.Calls);
    }

    [Fact]
    public void A_punch_aborts_the_plain_dial_before_it_connects_in_the_same_turn()
    {
        Dial(1);
        _binding.NextConnect();
        Punch(2, ConnectionRole.Dialer);

        var superseded = ExpectMsg<PortMessages.DialFailed>(Guard);
        Assert.Equal((1, ConnectFailureKind.Superseded), (superseded.Id, superseded.Failure.Kind));
        _binding.NextConnect().Succeed();
        var punched = ExpectMsg<PortMessages.Punched>(Guard);

        Assert.Equal((2, ConnectionRole.Dialer, false), (punched.Id, punched.Role, punched.Accepted));
        Assert.Equal(["connect 1 Shared", "abort 1", "connect 2 Shared"], _binding.Calls);
    }

    [Fact]
    public void An_accept_during_a_punch_is_the_punchs_and_not_the_sinks()
    {
        Punch(2, ConnectionRole.Dialer);
        _binding.NextConnect();
        _binding.AcceptSoon(new FakeConduit(Remote));

        var punched = ExpectMsg<PortMessages.Punched>(Guard);

        Assert.Equal((ConnectionRole.Dialer, true), (punched.Role, punched.Accepted));
        Assert.Equal(Remote, punched.Remote);
        _binding.AcceptSoon(new FakeConduit(Multiaddr.Parse("/ip4/192.0.1.8/tcp/1")));
        Assert.Equal("/ip4/192.0.1.8/tcp/1", _node.Sink.ExpectMsg<PortMessages.Accepted>(Guard).Conduit.RemoteAddress.ToString());
    }

    [Fact]
    public void A_taken_four_tuple_is_looked_for_in_the_accept_queue()
    {
        Punch(2, ConnectionRole.Listener);
        _binding.Queue(new FakeConduit(Remote));
        _binding.NextConnect().Fail(ConnectFailureKind.TupleInUse);

        Assert.True(ExpectMsg<PortMessages.Punched>(Guard).Accepted);
    }

    [Fact]
    public void A_dial_that_finds_its_four_tuple_taken_for_no_known_reason_ends_on_another_port_and_says_so()
    {
        Dial(1);
        _binding.NextConnect().Fail(ConnectFailureKind.TupleInUse);
        _binding.NextConnect().Fail(ConnectFailureKind.TupleInUse);
        var fallback = _binding.NextConnect();
        Assert.Equal(DialPort.Fresh, fallback.From);
        fallback.Succeed(portReused: false);

        Assert.False(ExpectMsg<PortMessages.Dialed>(Guard).PortReused);
    }

    [Fact]
    public void A_refused_punch_is_tried_again_until_it_is_through()
    {
        Punch(2, ConnectionRole.Dialer);
        for (var i = 0; i < 5; i++)
        {
            _binding.NextConnect().Fail(ConnectFailureKind.Refused);
        }

        _binding.NextConnect().Succeed();

        ExpectMsg<PortMessages.Punched>(Guard);
    }

    [Fact]
    public void A_punch_ends_when_its_window_closes()
    {
        _node.Ports.Tell(new PortMessages.Punch(2, [Remote], TimeSpan.FromMilliseconds(50), ConnectionRole.Dialer, TestActor));
        _binding.NextConnect();

        Assert.Equal(ConnectFailureKind.TimedOut, ExpectMsg<PortMessages.PunchFailed>(Guard).Failure.Kind);
        Assert.Contains("abort 1", _binding.Calls);
    }

    [Fact]
    public async Task A_connection_that_succeeds_after_its_dial_was_cancelled_is_reset()
    {
        Dial(1);
        var connect = _binding.NextConnect();
        var conduit = connect.Succeed();
        _node.Ports.Tell(new PortMessages.CancelDial(1, TestActor));

        // Either the connection or the cancel was first; the answer says which, and nothing leaks.
        if (ExpectMsg<object>(Guard) is PortMessages.DialFailed)
        {
            await conduit.Aborted.WaitAsync(Guard);
        }
    }

    [Fact]
    public void A_connection_that_was_ended_frees_its_four_tuple_for_the_next_punch()
    {
        Dial(1);
        _binding.NextConnect().Succeed();
        var conduit = ExpectMsg<PortMessages.Dialed>(Guard).Conduit;
        Punch(2, ConnectionRole.Dialer);
        _binding.NextConnect().Fail(ConnectFailureKind.TupleInUse);
        Assert.Equal(ConnectFailureKind.TupleInUse, ExpectMsg<PortMessages.PunchFailed>(Guard).Failure.Kind);

        conduit.Abort();
        conduit.Abort();

        Punch(3, ConnectionRole.Dialer);
        _binding.NextConnect().Fail(ConnectFailureKind.TupleInUse);
        _binding.NextConnect().Succeed();
        Assert.Equal(3, ExpectMsg<PortMessages.Punched>(Guard).Id);
    }

    [Fact]
    public void Requests_that_are_open_when_the_port_closes_are_answered_once()
    {
        Dial(1);
        Punch(2, ConnectionRole.Dialer);
        Assert.Equal(ConnectFailureKind.Superseded, ExpectMsg<PortMessages.DialFailed>(Guard).Failure.Kind);
        Watch(_node.Ports);

        Sys.Stop(_node.Ports);

        Assert.Equal(ConnectFailureKind.Aborted, ExpectMsg<PortMessages.PunchFailed>(Guard).Failure.Kind);
        ExpectTerminated(_node.Ports, Guard);
        Assert.True(_binding.Disposed);
    }

    [Fact]
    public void An_id_that_is_in_use_is_refused()
    {
        Dial(1);
        Dial(1);

        Assert.Equal(ConnectFailureKind.Other, ExpectMsg<PortMessages.DialFailed>(Guard).Failure.Kind);
        _binding.NextConnect().Succeed();
        ExpectMsg<PortMessages.Dialed>(Guard);
    }

    private void Dial(long id) => _node.Ports.Tell(new PortMessages.Dial(id, Remote, DialPort.Shared, Guard, TestActor));

    private void Punch(long id, ConnectionRole role) => _node.Ports.Tell(new PortMessages.Punch(id, [Remote], Guard, role, TestActor));
}
