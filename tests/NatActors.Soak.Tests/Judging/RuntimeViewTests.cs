using Akka.Actor;
using NatActors.Soak.Tests.Counters;

namespace NatActors.Soak.Tests.Judging;

/// <summary>That actors and timers are seen at all: a count that is always nothing would pass every comparison.</summary>
public sealed class RuntimeViewTests : IAsyncDisposable
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(60);

    private readonly ActorSystem _system = ActorSystem.Create("viewed");

    [Fact]
    public async Task Actors_at_every_depth_are_seen_and_those_that_have_ended_are_not()
    {
        var parent = _system.ActorOf(Props.Create(typeof(Waiting)), "parent");
        var child = await parent.Ask<IActorRef>("child", Guard);
        var user = await _system.ActorSelection("/user").ResolveOne(Guard);
        Assert.Equal(["/user/parent", "/user/parent/child"], RuntimeView.PathsBelow(user));

        _system.Stop(child);
        Assert.Empty(await Calm.UntilAsync(
            () => Task.FromResult<IReadOnlyList<string>>([.. RuntimeView.PathsBelow(user).Except(["/user/parent"])]), Guard));
    }

    [Fact]
    public async Task Timers_of_the_embedded_runtime_are_seen_under_their_actors_path_until_they_are_cancelled()
    {
        var actor = _system.ActorOf(Props.Create(typeof(Waiting)), "timed");
        Assert.Equal("started", await actor.Ask<string>("start", Guard));
        if (typeof(ActorSystem).Assembly.GetName().Name is not "Akka.Embedded")
        {
            Assert.Null(RuntimeView.Timers(_system));
            return;
        }

        Assert.Contains("/user/timed", RuntimeView.Timers(_system)!);
        Assert.Equal("cancelled", await actor.Ask<string>("cancel", Guard));
        Assert.DoesNotContain("/user/timed", RuntimeView.Timers(_system)!);
    }

    public async ValueTask DisposeAsync() => await _system.Terminate();

    /// <summary>Makes a child, or starts and cancels a timer that is never due.</summary>
    private sealed class Waiting : UntypedActor, IWithTimers
    {
        public ITimerScheduler Timers { get; set; } = null!;

        protected override SupervisorStrategy SupervisorStrategy() => Akka.Actor.SupervisorStrategy.StoppingStrategy;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case "child": Sender.Tell(Context.ActorOf(Props.Create(typeof(Waiting)), "child")); break;
                case "start": Timers.StartSingleTimer("late", "late", TimeSpan.FromHours(1)); Sender.Tell("started"); break;
                case "cancel": Timers.Cancel("late"); Sender.Tell("cancelled"); break;
                default: Unhandled(message); break;
            }
        }
    }
}
