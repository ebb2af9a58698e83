using Akka.Actor;

namespace Akka.Contract.Tests;

public sealed class MailboxTests : TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);

    private sealed record From(int Sender, int Number);

    private sealed class Overlap(IActorRef report, int expected) : UntypedActor
    {
        private int _inside;
        private int _overlaps;
        private int _seen;

        protected override void OnReceive(object message)
        {
            if (Interlocked.Increment(ref _inside) != 1)
            {
                Interlocked.Increment(ref _overlaps);
            }

            Thread.SpinWait(20);
            _seen++;
            Interlocked.Decrement(ref _inside);
            if (_seen == expected)
            {
                report.Tell(_overlaps);
            }
        }
    }

    private sealed class Order(IActorRef report, int senders, int each) : UntypedActor
    {
        private readonly int[] _next = new int[senders];
        private int _left = senders * each;
        private int _wrong;

        protected override void OnReceive(object message)
        {
            var (sender, number) = (From)message;
            if (_next[sender]++ != number)
            {
                _wrong++;
            }

            if (--_left == 0)
            {
                report.Tell(_wrong);
            }
        }
    }

    private sealed class Behaviors : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case "replace":
                    Become(Replaced);
                    break;
                case "stack":
                    BecomeStacked(Replaced);
                    break;
                default:
                    Sender.Tell($"first {message}");
                    break;
            }
        }

        private void Replaced(object message)
        {
            if (message is "back")
            {
                UnbecomeStacked();
            }
            else
            {
                Sender.Tell($"second {message}");
            }
        }
    }

    private sealed class Typed : ReceiveActor
    {
        public Typed()
        {
            Receive<int>(i => i < 0, i => Sender.Tell($"negative {i}"));
            Receive<int>(i => Sender.Tell($"int {i}"));
            Receive<string>(s => s == "go", _ => Become(Later));
            ReceiveAny(m => Sender.Tell($"any {m}"));
        }

        private void Later() => Receive<string>(s => Sender.Tell($"later {s}"));
    }

    [Fact]
    public void One_message_is_handled_at_a_time()
    {
        const int Senders = 4;
        const int Each = 5_000;
        var actor = Sys.ActorOf(Props.Create(typeof(Overlap), TestActor, Senders * Each));
        Parallel.For(0, Senders, _ =>
        {
            for (var i = 0; i < Each; i++)
            {
                actor.Tell(i, ActorRefs.NoSender);
            }
        });
        ExpectMsg(0, Generous);
    }

    [Fact]
    public void Messages_of_one_sender_stay_in_order()
    {
        const int Senders = 4;
        const int Each = 10_000;
        var actor = Sys.ActorOf(Props.Create(typeof(Order), TestActor, Senders, Each));
        Parallel.For(0, Senders, sender =>
        {
            for (var i = 0; i < Each; i++)
            {
                actor.Tell(new From(sender, i), ActorRefs.NoSender);
            }
        });
        ExpectMsg(0, Generous);
    }

    [Fact]
    public void Become_replaces_the_behavior_and_a_stacked_one_can_be_left()
    {
        var stacked = Sys.ActorOf(Props.Create(typeof(Behaviors)));
        stacked.Tell("a");
        ExpectMsg("first a");
        stacked.Tell("stack");
        stacked.Tell("b");
        ExpectMsg("second b");
        stacked.Tell("back");
        stacked.Tell("c");
        ExpectMsg("first c");

        var replaced = Sys.ActorOf(Props.Create(typeof(Behaviors)));
        replaced.Tell("replace");
        replaced.Tell("d");
        ExpectMsg("second d");
    }

    [Fact]
    public void Handlers_are_tried_in_the_order_they_are_stated()
    {
        var actor = Sys.ActorOf(Props.Create(typeof(Typed)));
        actor.Tell(-1);
        ExpectMsg("negative -1");
        actor.Tell(1);
        ExpectMsg("int 1");
        actor.Tell("x");
        ExpectMsg("any x");
        actor.Tell("go");
        actor.Tell("y");
        ExpectMsg("later y");
    }

    [Fact]
    public void An_unknown_message_is_published_as_unhandled()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Event.UnhandledMessage));
        var actor = Sys.ActorOf(Props.Create(typeof(Typed)));
        actor.Tell("go");
        actor.Tell(5);
        var unhandled = ExpectMsg<Event.UnhandledMessage>();
        Assert.Equal(5, unhandled.Message);
        Assert.Equal(actor, unhandled.Recipient);
        Assert.Equal(TestActor, unhandled.Sender);
    }

    [Fact]
    public void Forwarded_messages_keep_their_sender()
    {
        var probe = CreateTestProbe();
        var forwarder = Sys.ActorOf(Props.Create(typeof(Forwarder), probe.Ref));
        forwarder.Tell("through");
        probe.ExpectMsg("through");
        Assert.Equal(TestActor, probe.Sender);
    }

    [Fact]
    public void A_message_without_a_sender_comes_from_dead_letters()
    {
        var probe = CreateTestProbe();
        probe.Ref.Tell("anonymous", ActorRefs.NoSender);
        probe.ExpectMsg("anonymous");
        Assert.Equal(Sys.DeadLetters, probe.Sender);
    }

    private sealed class Forwarder(IActorRef target) : UntypedActor
    {
        protected override void OnReceive(object message) => target.Forward(message);
    }
}
