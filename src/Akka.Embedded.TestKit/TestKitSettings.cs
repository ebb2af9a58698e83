using Akka.Actor;
using Akka.Configuration;

namespace Akka.TestKit;

/// <summary>Times of the test kit, from <c>akka.test</c>.</summary>
public class TestKitSettings(Config config) : IExtension
{
    /// <summary><c>akka.test.default-timeout</c>, 5 s.</summary>
    public TimeSpan DefaultTimeout { get; } = config.GetTimeSpan("akka.test.default-timeout", TimeSpan.FromSeconds(5));

    /// <summary><c>akka.test.single-expect-default</c>, 3 s.</summary>
    public TimeSpan SingleExpectDefault { get; } = config.GetTimeSpan("akka.test.single-expect-default", TimeSpan.FromSeconds(3));

    /// <summary><c>akka.test.filter-leeway</c>, 3 s.</summary>
    public TimeSpan TestEventFilterLeeway { get; } = config.GetTimeSpan("akka.test.filter-leeway", TimeSpan.FromSeconds(3));

    /// <summary><c>akka.test.timefactor</c>, 1: what times are multiplied by on slow machines.</summary>
    public double TestTimeFactor { get; } = config.GetDouble("akka.test.timefactor", 1);

    public bool LogTestKitCalls { get; } = config.GetBoolean("akka.test.testkit.debug", false);
}

/// <summary>The id of <see cref="TestKitSettings"/>.</summary>
public class TestKitExtension : ExtensionIdProvider<TestKitSettings>
{
    public static TestKitSettings For(ActorSystem system) => new TestKitExtension().Apply(system);

    public override TestKitSettings CreateExtension(ExtendedActorSystem system) => new(system.Settings.Config);
}
