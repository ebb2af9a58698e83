using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit.Xunit2.Internals;
using Xunit.Abstractions;

namespace Akka.TestKit.Xunit2;

/// <summary>Base of xunit tests of actors: a system for each test, ended with it.</summary>
public class TestKit : TestKitBase, IDisposable
{
    private static readonly TimeSpan LoggerStart = TimeSpan.FromSeconds(5);

    private bool _disposed;

    /// <summary>A given system, or a new one with the default configuration.</summary>
    public TestKit(ActorSystem? system = null, ITestOutputHelper? output = null)
        : base(Assertions, system)
    {
        Output = output;
        InitializeLogger(Sys);
    }

    public TestKit(ActorSystemSetup config, string? actorSystemName = null, ITestOutputHelper? output = null)
        : base(Assertions, config, actorSystemName)
    {
        Output = output;
        InitializeLogger(Sys);
    }

    public TestKit(Config config, string? actorSystemName = null, ITestOutputHelper? output = null)
        : base(Assertions, config, actorSystemName)
    {
        Output = output;
        InitializeLogger(Sys);
    }

    public TestKit(string config, ITestOutputHelper? output = null)
        : base(Assertions, ConfigurationFactory.ParseString(config))
    {
        Output = output;
        InitializeLogger(Sys);
    }

    protected static new XunitAssertions Assertions { get; } = new();

    /// <summary>Where log events are written, if anywhere.</summary>
    protected readonly ITestOutputHelper? Output;

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>After each test: ends the system.</summary>
    protected virtual void AfterAll() => Shutdown();

    protected virtual void Dispose(bool disposing)
    {
        if (!_disposed && disposing)
        {
            _disposed = true;
            try
            {
                AfterAll();
            }
            finally
            {
                TestContext.Leave();
            }
        }
    }

    /// <summary>Writes log events of <paramref name="system"/> to the test's output.</summary>
    protected void InitializeLogger(ActorSystem system) => StartLogger(system, Output);

    /// <summary>The same, with a text before each line.</summary>
    protected void InitializeLogger(ActorSystem system, string prefix) =>
        StartLogger(system, Output is null ? null : new PrefixedOutput(Output, prefix));

    private static void StartLogger(ActorSystem system, ITestOutputHelper? output)
    {
        if (output is not null)
        {
            var logger = ((ExtendedActorSystem)system).SystemActorOf(Props.Create(typeof(TestOutputLogger), output), "log-test");
            logger.Ask<LoggerInitialized>(new InitializeLogger(system.EventStream), LoggerStart).Wait();
        }
    }

    private sealed class PrefixedOutput(ITestOutputHelper output, string prefix) : ITestOutputHelper
    {
        public void WriteLine(string message) => output.WriteLine(prefix + message);

        public void WriteLine(string format, params object[] args) => WriteLine(string.Format(format, args));
    }
}
