using System.Reflection;
using Akka.Actor;
using Akka.Event;
using Akka.Hosting;
using Akka.TestKit;

namespace Akka.Embedded.Tests.Api;

/// <summary>What compiles against the embedded runtime compiles against the packages.</summary>
public class ApiTests
{
    /// <summary>Classes that hosts and tests derive from: nothing of them may be missing.</summary>
    private static readonly Type[] Bases =
    [
        typeof(ActorBase), typeof(UntypedActor), typeof(ReceiveActor), typeof(ExtensionIdProvider<>), typeof(LoggingAdapterBase),
        typeof(Actor.Setup.Setup), typeof(SchedulerBase), typeof(DefaultLogger), typeof(AutoPilot), typeof(AkkaHostedService),
        typeof(TestKit.Xunit2.TestKit),
    ];

    private static IEnumerable<Type> Offered => new[]
    {
        typeof(ActorSystem).Assembly, typeof(TestKitBase).Assembly, typeof(AkkaHostedService).Assembly,
    }.SelectMany(assembly => assembly.GetTypes()).Where(type => ApiReader.IsVisible(type) && type.Namespace != "Akka.Embedded");

    [Fact]
    public void Everything_offered_is_in_the_packages_and_whole_where_hosts_build_on_it()
    {
        var rules = new ApiRules(ApiReader.Reference(), ApiJustifications.All);
        var violations = Offered.SelectMany(type => rules.Violations(type, Bases.Contains(type))).ToList();
        Assert.True(violations.Count == 0, string.Join("\n", violations));
        Assert.Empty(rules.Unused);
    }

    [Fact]
    public void A_type_a_member_an_overload_and_a_hole_that_are_wrong_are_found()
    {
        var rules = new ApiRules(Planted.Reference, new Dictionary<string, string>());
        Assert.Equal(
            [$"{typeof(Planted.NotThere).FullName} is no type of the packages"],
            rules.Violations(typeof(Planted.NotThere), whole: false));
        Assert.Equal(
            [$"{typeof(Planted.Extra).FullName} | System.Void Invented() is not in the packages"],
            rules.Violations(typeof(Planted.Extra), whole: false));
        Assert.Equal(
            [$"{typeof(Planted.HalfOverloaded).FullName} | System.Void Run(System.String) is missing"],
            rules.Violations(typeof(Planted.HalfOverloaded), whole: false));
        Assert.Equal(
            [$"{typeof(Planted.IHole).FullName} | System.Void Missing() is missing"],
            rules.Violations(typeof(Planted.IHole), whole: false));
        Assert.Equal(
            [$"{typeof(Planted.Open).FullName} is a class, in the packages a sealed class"],
            rules.Violations(typeof(Planted.Open), whole: false));
        Assert.Empty(rules.Violations(typeof(Planted.Derived), whole: true));
    }

    [Fact]
    public void A_justification_silences_exactly_its_own_fact()
    {
        var fact = $"{typeof(Planted.HalfOverloaded).FullName} | System.Void Run(System.String)";
        var rules = new ApiRules(Planted.Reference, new Dictionary<string, string> { [fact] = "planted", ["nobody | nothing"] = "planted" });
        Assert.Empty(rules.Violations(typeof(Planted.HalfOverloaded), whole: false));
        Assert.Equal(["nobody | nothing"], rules.Unused);
    }

    [Fact]
    public void The_lists_are_there()
    {
        var reference = ApiReader.Reference();
        Assert.Contains("Akka.Actor.ActorSystem", reference.Keys);
        Assert.Contains("Akka.TestKit.Xunit2.TestKit", reference.Keys);
        Assert.Contains("Akka.Hosting.AkkaHostedService", reference.Keys);
        Assert.True(Offered.Count() > 100, $"only {Offered.Count()} types were looked at");
        Assert.DoesNotContain(Offered, type => type.GetCustomAttribute<System.Runtime.CompilerServices.CompilerGeneratedAttribute>() is not null);
    }

    private static class Planted
    {
        public static readonly Dictionary<string, ApiType> Reference = new[]
        {
            Type(typeof(Extra), "class", ".ctor()"),
            Type(typeof(HalfOverloaded), "class", ".ctor()", "System.Void Run()", "System.Void Run(System.String)", "System.Void Other()"),
            Type(typeof(IHole), "interface", "System.Void There()", "System.Void Missing()"),
            Type(typeof(Open), "sealed class", ".ctor()"),
            Type(typeof(Derived), "class", ".ctor()", "System.Void Run()"),
        }.ToDictionary(type => type.Name);

        private static ApiType Type(Type type, string kind, params string[] members) => new(type.FullName!, kind, members.ToHashSet());

        public class NotThere;

        public class Extra
        {
            public void Invented()
            {
            }
        }

        public class HalfOverloaded
        {
            public void Run()
            {
            }
        }

        public interface IHole
        {
            void There();
        }

        public class Open;

        public class Derived : HalfOverloaded
        {
            public override string ToString() => "derived";
        }
    }
}
