using Akka.Actor;

namespace Akka.Contract.Tests;

public sealed class SupervisionTests : TestKit.Xunit2.TestKit
{
    private sealed record Fail(Exception Cause);

    private sealed class Child(IActorRef report) : UntypedActor
    {
        private readonly Guid _instance = Guid.NewGuid();

        protected override void PreStart() => report.Tell($"start {Self.Path.Name}");

        protected override void PreRestart(Exception reason, object message)
        {
            report.Tell($"prerestart {Self.Path.Name} {reason.Message} {(message is Fail ? "Fail" : "null")}");
            base.PreRestart(reason, message);
        }

        protected override void PostRestart(Exception reason)
        {
            report.Tell($"postrestart {Self.Path.Name} {reason.Message}");
            base.PostRestart(reason);
        }

        protected override void PostStop() => report.Tell($"stop {Self.Path.Name}");

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Fail fail:
                    throw fail.Cause;
                case "who":
                    Sender.Tell(_instance);
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }
    }

    private sealed class Parent(SupervisorStrategy strategy, IActorRef report, string[] names) : UntypedActor
    {
        protected override SupervisorStrategy SupervisorStrategy() => strategy;

        protected override void PreStart()
        {
            foreach (var name in names)
            {
                Context.ActorOf(Props.Create(typeof(Child), report), name);
            }
        }

        protected override void PostStop() => report.Tell("stop parent");

        protected override void OnReceive(object message)
        {
            if (message is string name)
            {
                Sender.Tell(Context.Child(name));
            }
        }
    }

    private sealed class BadConstructor : UntypedActor
    {
        public BadConstructor() => throw new InvalidOperationException("cannot be made");

        protected override void OnReceive(object message)
        {
        }
    }

    private IActorRef ParentOf(SupervisorStrategy strategy, IActorRef report, params string[] names) =>
        Sys.ActorOf(Props.Create(typeof(Parent), strategy, report, names));

    private IActorRef ChildOf(IActorRef parent, string name)
    {
        parent.Tell(name);
        return ExpectMsg<IActorRef>();
    }

    private static Fail Boom(string text = "boom") => new(new InvalidOperationException(text));

    [Fact]
    public void A_restart_makes_a_new_instance_under_the_same_reference()
    {
        var report = CreateTestProbe();
        var parent = ParentOf(new OneForOneStrategy(_ => Directive.Restart), report.Ref, "c");
        var child = ChildOf(parent, "c");
        report.ExpectMsg("start c");
        child.Tell("who");
        var first = ExpectMsg<Guid>();
        child.Tell(Boom());
        child.Tell("who");
        Assert.NotEqual(first, ExpectMsg<Guid>());
        report.ExpectMsg("prerestart c boom Fail");
        report.ExpectMsg("stop c");
        report.ExpectMsg("postrestart c boom");
        report.ExpectMsg("start c");
    }

    [Fact]
    public void A_resume_keeps_the_instance()
    {
        var report = CreateTestProbe();
        var parent = ParentOf(new OneForOneStrategy(_ => Directive.Resume), report.Ref, "c");
        var child = ChildOf(parent, "c");
        child.Tell("who");
        var first = ExpectMsg<Guid>();
        child.Tell(Boom());
        child.Tell("who");
        Assert.Equal(first, ExpectMsg<Guid>());
    }

    [Fact]
    public void A_stopped_child_is_stopped_and_its_siblings_are_not()
    {
        var report = CreateTestProbe();
        var parent = ParentOf(new OneForOneStrategy(_ => Directive.Stop), report.Ref, "a", "b");
        var (a, b) = (ChildOf(parent, "a"), ChildOf(parent, "b"));
        Watch(a);
        a.Tell(Boom());
        ExpectTerminated(a);
        b.Tell("who");
        ExpectMsg<Guid>();
    }

    [Fact]
    public void All_for_one_restarts_the_siblings_too()
    {
        var report = CreateTestProbe();
        var parent = ParentOf(new AllForOneStrategy(_ => Directive.Restart), report.Ref, "a", "b");
        var (a, b) = (ChildOf(parent, "a"), ChildOf(parent, "b"));
        report.ExpectMsgAllOf("start a", "start b");
        b.Tell("who");
        var first = ExpectMsg<Guid>();
        a.Tell(Boom());
        report.ExpectMsgAllOf(
            "prerestart a boom Fail", "stop a", "postrestart a boom", "start a",
            "prerestart b boom null", "stop b", "postrestart b boom", "start b");
        b.Tell("who");
        Assert.NotEqual(first, ExpectMsg<Guid>());
    }

    [Fact]
    public void A_child_that_fails_too_often_in_the_window_is_stopped()
    {
        var report = CreateTestProbe();
        var parent = ParentOf(new OneForOneStrategy(2, TimeSpan.FromMinutes(1), _ => Directive.Restart), report.Ref, "c");
        var child = ChildOf(parent, "c");
        Watch(child);
        child.Tell(Boom());
        child.Tell(Boom());
        child.Tell("who");
        ExpectMsg<Guid>();
        child.Tell(Boom());
        ExpectTerminated(child);
    }

    [Fact]
    public void An_escalated_failure_restarts_the_parent_and_its_children()
    {
        var report = CreateTestProbe();
        var parent = ParentOf(new OneForOneStrategy(_ => Directive.Escalate), report.Ref, "c");
        var child = ChildOf(parent, "c");
        report.ExpectMsg("start c");
        Watch(child);
        child.Tell(Boom());
        ExpectTerminated(child);
        report.ExpectMsgAllOf("stop c", "stop parent");
        report.ExpectMsg("start c");
        Assert.NotEqual(child, ChildOf(parent, "c"));
    }

    [Fact]
    public void Children_stop_before_their_parent()
    {
        var report = CreateTestProbe();
        var parent = ParentOf(SupervisorStrategy.DefaultStrategy, report.Ref, "a", "b");
        ChildOf(parent, "a");
        report.ExpectMsgAllOf("start a", "start b");
        Watch(parent);
        Sys.Stop(parent);
        ExpectTerminated(parent);
        report.ExpectMsgAllOf("stop a", "stop b");
        report.ExpectMsg("stop parent");
    }

    [Fact]
    public void An_actor_that_cannot_be_made_is_stopped_by_default()
    {
        EventFilter.Exception<ActorInitializationException>().ExpectOne(() =>
        {
            var actor = Sys.ActorOf(Props.Create(typeof(BadConstructor)));
            Watch(actor);
            ExpectTerminated(actor);
        });
    }

    [Fact]
    public void Kill_stops_by_default_and_a_failure_restarts_by_default()
    {
        var report = CreateTestProbe();
        var actor = Sys.ActorOf(Props.Create(typeof(Child), report.Ref), "killed");
        Watch(actor);
        actor.Tell(Boom());
        report.FishForMessage<string>(m => m == "postrestart killed boom");
        actor.Tell(Kill.Instance);
        ExpectTerminated(actor);
    }

    [Fact]
    public void The_message_that_failed_is_not_handled_again_and_those_behind_it_are()
    {
        var actor = Sys.ActorOf(Props.Create(typeof(Child), CreateTestProbe().Ref));
        actor.Tell(Boom());
        actor.Tell(Boom());
        actor.Tell("who");
        ExpectMsg<Guid>();
        ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void Failures_are_logged_with_the_exception()
    {
        var actor = Sys.ActorOf(Props.Create(typeof(Child), CreateTestProbe().Ref));
        EventFilter.Exception<InvalidOperationException>(message: "very unusual").ExpectOne(() => actor.Tell(Boom("very unusual")));
    }
}
