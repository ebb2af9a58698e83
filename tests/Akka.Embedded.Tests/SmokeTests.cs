using Akka.Actor;

namespace Akka.Embedded.Tests;

public class SmokeTests
{
    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is "boom")
            {
                throw new InvalidOperationException("boom");
            }

            Sender.Tell(message);
        }
    }

    private sealed class Slow : ReceiveActor
    {
        public Slow() => ReceiveAsync<string>(async s =>
        {
            var sender = Sender;
            await Task.Delay(20);
            Assert.Equal(sender, Sender);
            Sender.Tell(s + "!");
        });
    }

    [Fact]
    public async Task Answers_and_ends()
    {
        var system = ActorSystem.Create("smoke");
        var echo = system.ActorOf(Props.Create(() => new Echo()), "echo");
        Assert.Equal("hi", await echo.Ask<string>("hi", TimeSpan.FromSeconds(5)));
        echo.Tell("boom");
        Assert.Equal("ho", await echo.Ask<string>("ho", TimeSpan.FromSeconds(5)));
        var slow = system.ActorOf(Props.Create(typeof(Slow)));
        Assert.Equal("a!", await slow.Ask<string>("a", TimeSpan.FromSeconds(5)));
        Assert.True(await echo.GracefulStop(TimeSpan.FromSeconds(5)));
        await system.Terminate().WaitAsync(TimeSpan.FromSeconds(10));
    }
}
