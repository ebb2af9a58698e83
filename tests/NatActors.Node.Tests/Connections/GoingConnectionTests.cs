using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Node.Connections;
using NatActors.Node.Security;
using NatActors.Node.Streams;
using NatActors.Testing;
using NatActors.Transports.Security;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Connections;

/// <summary>Streams asked of a connection that is going: another connection serves them, and no request is lost.</summary>
public sealed class GoingConnectionTests : TestKit
{
    private const string Protocol = "/going/1.0.0";

    private readonly NodeContext _near = Secured(MakeNode(1));
    private readonly NodeContext _far = Secured(MakeNode(2));
    private readonly TestProbe _news;

    public GoingConnectionTests()
    {
        _news = CreateTestProbe();
        _far.Protocols.Register(Protocol, (_, _) => Task.CompletedTask, allowLimited: false);
    }

    [Fact]
    public void A_stream_asked_for_behind_a_close_opens_on_the_other_connection()
    {
        var near = Sys.ActorOf(Props.Create(typeof(ConnectionsActor), _near));
        var far = Sys.ActorOf(Props.Create(typeof(ConnectionsActor), _far));
        near.Tell(new ConnectionsMessages.Subscribe(_news.Ref));
        var first = Connect(near, far);
        var second = Connect(near, far);

        near.Tell(new ConnectionsMessages.CloseConnection(first.Id, "the test wants it"));
        near.Tell(new ConnectionsMessages.OpenStream(7, _far.Self, [Protocol], false, TestActor));

        var opened = ExpectMsg<ConnectionsMessages.StreamOpened>(Patience);
        Assert.Equal((7L, second.Id), (opened.Id, opened.Connection.Id));
        Assert.Equal(first.Id, _news.ExpectMsg<ConnectionsMessages.ConnectionDown>(Patience).Connection.Id);
    }

    [Fact]
    public void A_stream_asked_of_one_connection_fails_with_it()
    {
        var near = Sys.ActorOf(Props.Create(typeof(ConnectionsActor), _near));
        var far = Sys.ActorOf(Props.Create(typeof(ConnectionsActor), _far));
        near.Tell(new ConnectionsMessages.Subscribe(_news.Ref));
        var first = Connect(near, far);
        Connect(near, far);

        near.Tell(new ConnectionsMessages.CloseConnection(first.Id, "the test wants it"));
        near.Tell(new ConnectionsMessages.OpenStream(7, _far.Self, [Protocol], false, TestActor) { OnConnection = first.Id });

        Assert.Equal(StreamFailureKind.ConnectionLost, ExpectMsg<ConnectionsMessages.StreamFailed>(Patience).Failure.Kind);
    }

    [Fact]
    public void A_connection_that_has_ended_hands_back_what_it_is_asked_until_it_is_forgotten()
    {
        var far = Sys.ActorOf(Props.Create(typeof(ConnectionsActor), _far));
        var (dialer, listener) = MemoryConduit.CreatePair();
        far.Tell(new ConnectionsMessages.Adopt(listener, ConnectionRole.Listener, ConnectionDirection.Inbound));
        var seed = new ConnectionSeed
        {
            Id = 3, Conduit = dialer, Role = ConnectionRole.Dialer, Direction = ConnectionDirection.Outbound,
        };
        var connection = Sys.ActorOf(Props.Create(typeof(ConnectionActor), _near, seed, TestActor));
        ExpectMsg<ConnectionMessages.Upgraded>(Patience);
        connection.Tell(new ConnectionMessages.Admit());
        Watch(connection);
        listener.Abort();
        FishForMessage(message => message is ConnectionMessages.Closed, Patience);
        var open = new ConnectionsMessages.OpenStream(7, _far.Self, [Protocol], false, TestActor);

        connection.Tell(open);

        ExpectMsg(new ConnectionMessages.OpenElsewhere(3, open), Patience);
        connection.Tell(new ConnectionMessages.Forgotten());
        ExpectTerminated(connection, Patience);
    }

    private ConnectionInfo Connect(IActorRef near, IActorRef far)
    {
        var (dialer, listener) = MemoryConduit.CreatePair();
        far.Tell(new ConnectionsMessages.Adopt(listener, ConnectionRole.Listener, ConnectionDirection.Inbound));
        near.Tell(new ConnectionsMessages.Adopt(dialer, ConnectionRole.Dialer, ConnectionDirection.Outbound));
        return _news.ExpectMsg<ConnectionsMessages.ConnectionUp>(Patience).Connection;
    }

    private static NodeContext Secured(NodeContext node) => node with { Security = [new NoiseUpgrade(node.Key, node.Random)] };
}
