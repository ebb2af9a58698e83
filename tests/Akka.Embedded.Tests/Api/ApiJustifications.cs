namespace Akka.Embedded.Tests.Api;

/// <summary>What the packages have, the embedded runtime has not, and why.</summary>
internal static class ApiJustifications
{
    private const string NoHocon = "The embedded configuration is a flat table: it has no HOCON tree.";
    private const string NoDeploy = "There is no remoting and no deployment from configuration.";
    private const string NoDsl = "Actors of lambdas (Akka.Actor.Dsl) are not offered.";
    private const string NoResolver = "IDependencyResolver is in Akka.DependencyInjection, which no project here references.";
    private const string Config = "Akka.Configuration.Config";
    private const string Props = "Akka.Actor.Props";
    private const string Resolver =
        "System.Action`3[Akka.Actor.ActorSystem,Akka.Hosting.IActorRegistry,Akka.DependencyInjection.IDependencyResolver]";

    private const string Builder = "Akka.Hosting.AkkaConfigurationBuilder";
    private const string Extensions = "Akka.Hosting.AkkaHostingExtensions";
    private const string TestKit = "Akka.TestKit.TestKitBase";

    public static readonly IReadOnlyDictionary<string, string> All = new Dictionary<string, string>
    {
        [$"{Config} | .ctor(Akka.Configuration.Hocon.HoconRoot)"] = NoHocon,
        [$"Akka.Configuration.ConfigurationFactory | static {Config} ParseString(System.String, System.Func`2[System.String,Akka.Configuration.Hocon.HoconRoot])"] = NoHocon,
        ["Akka.Actor.ActorSelection | .ctor()"] = "A selection of nothing: the packages have it for their serializer.",
        ["Akka.Actor.IActorContext | Akka.Dispatch.MessageDispatcher Dispatcher { get; }"] =
            "Only a runtime implements IActorContext, and actors here have no dispatchers of their own.",
        [$"{Props} | .ctor(Akka.Actor.Deploy, System.Type, System.Collections.Generic.IEnumerable`1[System.Object])"] = NoDeploy,
        [$"{Props} | .ctor(Akka.Actor.Deploy, System.Type, System.Object[])"] = NoDeploy,
        ["Akka.TestKit.EventFilterFactory | .ctor(Akka.TestKit.TestKitBase, Akka.Actor.ActorSystem, System.Collections.Generic.IReadOnlyList`1[Akka.TestKit.Internal.EventFilterBase])"] =
            "Takes types of the packages' Internal namespace.",
        [$"{TestKit} | .ctor(Akka.TestKit.ITestKitAssertions, Akka.Actor.ActorSystem, Akka.Actor.Setup.ActorSystemSetup, System.String, System.String)"] =
            "Internal to the packages' assemblies: the other constructors come together in it.",
        [$"{TestKit} | Akka.Actor.IActorRef ActorOf(System.Action`1[Akka.Actor.Dsl.IActorDsl], System.String=)"] = NoDsl,
        [$"{TestKit} | Akka.Actor.IActorRef ActorOf(System.Action`2[Akka.Actor.Dsl.IActorDsl,Akka.Actor.IActorContext], System.String=)"] = NoDsl,
        [$"{Builder} | {Builder} StartActors(Akka.Hosting.ActorStarterWithResolver)"] = NoResolver,
        [$"{Builder} | {Builder} StartActors({Resolver})"] = NoResolver,
        [$"{Extensions} | static {Builder} WithActors({Builder}, Akka.Hosting.ActorStarterWithResolver)"] = NoResolver,
        [$"{Extensions} | static {Builder} WithActors({Builder}, {Resolver})"] = NoResolver,
        [$"{Extensions} | static {Builder} AddHocon({Builder}, Microsoft.Extensions.Configuration.IConfiguration, Akka.Hosting.HoconAddMode, System.Boolean=)"] =
            "Options are bound to our own types; actors' settings do not come from IConfiguration.",
    };
}
