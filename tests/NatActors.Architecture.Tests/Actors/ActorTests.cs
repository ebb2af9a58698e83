namespace NatActors.Architecture.Tests.Actors;

public class ActorTests
{
    private static List<SourceFile> Node => [.. Tree.Under("src/NatActors.Node/")];

    [Fact]
    public void There_are_actors_to_judge() => Assert.NotEmpty(ActorSyntax.Actors(Node));

    [Fact]
    public void Actors_are_sealed_untyped_actors() => Rule.Holds(ActorRules.Shape(Node));

    [Theory]
    [InlineData("class LooseActor : UntypedActor { }")]
    [InlineData("sealed class LooseActor : ReceiveActor { }")]
    [InlineData("sealed class Loose : ReceiveActor { }")]
    public void A_planted_loose_actor_is_seen(string code) => Rule.Sees(ActorRules.Shape([Rule.Planted(code)]), "no sealed UntypedActor");

    [Fact]
    public void Receives_say_what_they_do_not_handle() => Rule.Holds(ActorRules.Unhandled(Node));

    [Theory]
    [InlineData("protected override void OnReceive(object message) { switch (message) { case A: Do(); break; } }")]
    [InlineData("protected override void OnReceive(object message) { switch (message) { case A: Do(); break; default: break; } }")]
    [InlineData("protected override void OnReceive(object message) => Do();")]
    [InlineData("protected override void OnReceive(object message) => Unhandled(message); void Go() => Become(Open); void Open(object message) => Do();")]
    public void A_planted_receive_that_swallows_is_seen(string body) => Rule.Sees(ActorRules.Unhandled([Actor(body)]), "Unhandled");

    [Theory]
    [InlineData("protected override void OnReceive(object message) { switch (message) { case A: Do(); break; default: Unhandled(message); break; } }")]
    [InlineData("protected override void OnReceive(object message) => Idle(message); void Idle(object message) { switch (message) { default: Unhandled(message); break; } }")]
    public void Receives_that_hand_on_or_say_unhandled_are_fine(string body) => Rule.Holds(ActorRules.Unhandled([Actor(body)]));

    [Fact]
    public void Receives_only_dispatch() => Rule.Holds(ActorRules.Dispatch(Node));

    [Theory]
    [InlineData("case A: Do(); Do(); Do(); break;")]
    [InlineData("case A a: if (a.B) { Do(); } break;")]
    [InlineData("case A: { Do(); break; }")]
    public void A_planted_case_of_many_lines_is_seen(string section) =>
        Rule.Sees(ActorRules.Dispatch([Actor($"protected override void OnReceive(object message) {{ switch (message) {{ {section} }} }}")]), "more than one line");

    [Fact]
    public void Every_parent_names_its_strategy() => Rule.Holds(ActorRules.Supervision(Node));

    [Theory]
    [InlineData("void M() => Context.ActorOf(_props);")]
    [InlineData("void M() => Context.ActorOf(_props); protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);")]
    public void A_planted_parent_without_a_named_strategy_is_seen(string body) => Rule.Sees(ActorRules.Supervision([Actor(body)]), "has children");

    [Fact]
    public void A_parent_with_a_named_strategy_is_fine() => Rule.Holds(ActorRules.Supervision(
        [Actor("void M() => Context.ActorOf(_props); protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild(_log);")]));

    [Fact]
    public void Parts_of_an_actor_are_read_together()
    {
        SourceFile[] parts =
        [
            Rule.Planted("partial class XActor { void M() => Context.ActorOf(_props); }", "src/NatActors.Node/XActor.Part.cs"),
            Rule.Planted("sealed partial class XActor : UntypedActor { object S() => Supervision.StopTheChild(); }", "src/NatActors.Node/XActor.cs"),
        ];
        Rule.Holds(ActorRules.Shape(parts));
        Rule.Sees(ActorRules.Supervision(parts), "XActor has children");
    }

    [Fact]
    public void The_three_strategies_have_their_file() => Assert.Contains(Node, file => file.Path == "src/NatActors.Node/Supervision.cs");

    [Fact]
    public void Messages_are_sealed_records_in_one_static_class() => Rule.Holds(ActorRules.MessageClasses(Node));

    [Theory]
    [InlineData("class PlantedMessages { }", "not static")]
    [InlineData("static class PlantedMessages { public record Dial(int Id); }", "not sealed")]
    [InlineData("static class PlantedMessages { public sealed class Dial { } }", "no record")]
    public void A_planted_message_of_another_shape_is_seen(string code, string expected) =>
        Rule.Sees(ActorRules.MessageClasses([Rule.Planted(code)]), expected);

    [Fact]
    public void Messages_to_oneself_are_private() => Rule.Holds(ActorRules.OwnMessages(Node));

    [Theory]
    [InlineData("public sealed record Tick;")]
    [InlineData("internal sealed record Tick;")]
    [InlineData("private record Tick;")]
    public void A_planted_open_message_to_oneself_is_seen(string body) => Rule.Sees(ActorRules.OwnMessages([Actor(body)]), "no private sealed record");

    [Fact]
    public void Actors_receive_messages_only() => Rule.Holds(ActorRules.Vocabulary(Node));

    [Theory]
    [InlineData("case Loose loose: Do(); break;")]
    [InlineData("case Loose { X: 1 }: Do(); break;")]
    [InlineData("case Loose: Do(); break;")]
    public void A_planted_message_outside_its_class_is_seen(string section)
    {
        var actor = Actor($"protected override void OnReceive(object message) {{ switch (message) {{ {section} }} }}");
        Rule.Sees(ActorRules.Vocabulary([actor, Rule.Planted("public sealed record Loose(int X);")]), "receives Loose");
        Rule.Holds(ActorRules.Vocabulary([actor, Rule.Planted("static class PlantedMessages { public sealed record Loose(int X); }")]));
    }

    [Fact]
    public void Expression_trees_make_singletons_only() => Rule.Holds(ActorRules.ExpressionProps(Node));

    [Fact]
    public void A_planted_expression_tree_is_seen() =>
        Rule.Sees(ActorRules.ExpressionProps([Actor("Props M() => Props.Create(() => new StreamActor(1));")]), "StreamActor");

    [Fact]
    public void Actors_never_ask() => Rule.Holds(ActorRules.Asks(Node));

    [Theory]
    [InlineData("class Helper { void M() => peer.Ask<int>(1); }")]
    [InlineData("sealed class XActor : UntypedActor { void M() => _peer.Ask(1).PipeTo(Self); }")]
    public void A_planted_ask_is_seen(string code) => Rule.Sees(ActorRules.Asks([Rule.Planted(code)]), "Ask outside");

    [Fact]
    public void The_public_facade_may_ask() => Rule.Holds(ActorRules.Asks([Rule.Planted("class NatNode : INatNode { void M() => _node.Ask<int>(1); }")]));

    [Fact]
    public void Receives_are_not_async() => Rule.Holds(ActorRules.Awaits(Node));

    [Fact]
    public void A_planted_async_receive_is_seen() =>
        Rule.Sees(ActorRules.Awaits([Actor("protected override async void OnReceive(object message) => await Do(message);")]), "is async");

    private static SourceFile Actor(string body) => Rule.Planted($"sealed class XActor : UntypedActor {{ {body} }}");
}
