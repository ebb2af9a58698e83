using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NatActors.Architecture.Tests.Actors;

/// <summary>How actors of the node are written.</summary>
internal static class ActorRules
{
    /// <summary>The file of the three named strategies.</summary>
    private const string Strategies = "Supervision";

    private static readonly string[] Named = ["StopTheChild", "RebuildTheService", "FailTheNode"];

    /// <summary>Made once a node: there an expression tree, compiled at each use, costs nothing that matters.</summary>
    private static readonly string[] Singletons =
    [
        "NodeActor", "PortsActor", "ConnectionsActor", "AddressBookActor", "IdentifyActor", "ReachabilityActor", "PortMapActor",
        "RelayClientActor", "RelayServerActor", "HolePunchActor",
    ];

    /// <summary>A case calls one method; a second short statement (note and go on) still reads as a line.</summary>
    private const int StatementsOfACase = 2;

    /// <summary>Every actor is a sealed UntypedActor.</summary>
    public static IEnumerable<string> Shape(IEnumerable<SourceFile> files) =>
        from actor in ActorSyntax.Actors(files)
        where !actor.Parts.Any(part => part.Has(SyntaxKind.SealedKeyword))
            || !actor.Parts.Any(part => part.BaseList?.Types[0].Type.ToString() == "UntypedActor")
        select $"{actor.At()}: {actor.Name} is no sealed UntypedActor";

    /// <summary>Every receive either hands the message on whole or switches over it and calls Unhandled by default.</summary>
    public static IEnumerable<string> Unhandled(IEnumerable<SourceFile> files) =>
        from actor in ActorSyntax.Actors(files)
        from receive in ActorSyntax.Receives(actor)
        where !SaysUnhandled(actor, receive)
        select $"{receive.At()}: {actor.Name}.{receive.Identifier} has no 'default: Unhandled(message)'";

    /// <summary>A receive only dispatches: a line a case, no branches or blocks in it.</summary>
    public static IEnumerable<string> Dispatch(IEnumerable<SourceFile> files) =>
        from actor in ActorSyntax.Actors(files)
        from receive in ActorSyntax.Receives(actor)
        from section in receive.DescendantNodes().OfType<SwitchSectionSyntax>()
        where section.Statements.Count(statement => !IsExit(statement)) > StatementsOfACase
            || section.Statements.Any(statement => statement is BlockSyntax or IfStatementSyntax or ForEachStatementSyntax or WhileStatementSyntax)
        select $"{section.At()}: {actor.Name}.{receive.Identifier}: a case is more than one line";

    /// <summary>Every parent states its supervisor strategy, by one of the three names.</summary>
    public static IEnumerable<string> Supervision(IEnumerable<SourceFile> files) =>
        from actor in ActorSyntax.Actors(files)
        where actor.Parts.SelectMany(ActorSyntax.Calls).Any(call => ActorSyntax.NameOf(call) == "ActorOf" && !ActorSyntax.IsNestedIn(actor, call))
        let strategy = actor.Members.OfType<MethodDeclarationSyntax>().SingleOrDefault(method => method.Identifier.Text == "SupervisorStrategy")
        where strategy is null || !Named.Any(name => strategy.ToString().Contains($"{Strategies}.{name}", StringComparison.Ordinal))
        select $"{actor.At()}: {actor.Name} has children and names none of {string.Join(", ", Named)}";

    /// <summary>XxxMessages hold sealed records (or what these are made of: enums, marker interfaces, abstract records).</summary>
    public static IEnumerable<string> MessageClasses(IEnumerable<SourceFile> files) =>
        from file in files
        from holder in file.Syntax.DescendantNodes().OfType<ClassDeclarationSyntax>()
        where holder.Identifier.Text.EndsWith("Messages", StringComparison.Ordinal)
        from problem in Problems(file, holder)
        select problem;

    /// <summary>A message that an actor sends itself is private to it, and every record inside an actor is such a message.</summary>
    public static IEnumerable<string> OwnMessages(IEnumerable<SourceFile> files) =>
        from actor in ActorSyntax.Actors(files)
        from record in actor.Members.OfType<RecordDeclarationSyntax>()
        where !record.Has(SyntaxKind.PrivateKeyword) || (!record.Has(SyntaxKind.SealedKeyword) && record.ClassOrStructKeyword.Text != "struct")
        select $"{record.At()}: {actor.Name}.{record.Identifier} is no private sealed record";

    /// <summary>What a receive takes stands in a class of messages, is private to the actor, or is the runtime's own.</summary>
    public static IEnumerable<string> Vocabulary(IReadOnlyCollection<SourceFile> files)
    {
        var records = files.SelectMany(file => file.Syntax.DescendantNodes().OfType<RecordDeclarationSyntax>()).ToList();
        var loose = records.Where(record => !IsMessage(record)).Select(record => record.Identifier.Text)
            .Except(records.Where(IsMessage).Select(record => record.Identifier.Text))
            .ToHashSet();
        return from actor in ActorSyntax.Actors(files)
               from receive in ActorSyntax.Receives(actor)
               from pattern in receive.DescendantNodes().OfType<SwitchSectionSyntax>().SelectMany(section => section.Labels)
               let type = TypeOf(pattern)
               where type is not null && loose.Contains(type)
               select $"{pattern.At()}: {actor.Name} receives {type}, which is in no class of messages";
    }

    /// <summary>Expression trees only for what is made once.</summary>
    public static IEnumerable<string> ExpressionProps(IEnumerable<SourceFile> files) =>
        from file in files
        from call in ActorSyntax.Calls(file.Syntax)
        where call.Expression.ToString() == "Props.Create" && call.ArgumentList.Arguments.FirstOrDefault()?.Expression is LambdaExpressionSyntax
        let made = call.DescendantNodes().OfType<ObjectCreationExpressionSyntax>().FirstOrDefault()?.Type.ToString() ?? "?"
        where !Singletons.Contains(made)
        select $"{call.At()}: Props.Create by expression for {made}";

    /// <summary>Actors never ask each other: only the public facade, which is no actor, may.</summary>
    public static IEnumerable<string> Asks(IEnumerable<SourceFile> files) =>
        from file in files
        from call in ActorSyntax.Calls(file.Syntax)
        where ActorSyntax.NameOf(call) == "Ask"
        let inside = call.Ancestors().OfType<ClassDeclarationSyntax>().LastOrDefault()
        where inside is null || ActorSyntax.IsActor(inside) || inside.BaseList?.Types.Any(type => type.ToString() == "INatNode") != true
        select $"{call.At()}: Ask outside the public facade";

    /// <summary>An actor awaits nothing: what it starts ends in PipeTo.</summary>
    public static IEnumerable<string> Awaits(IEnumerable<SourceFile> files) =>
        from actor in ActorSyntax.Actors(files)
        from receive in ActorSyntax.Receives(actor)
        where receive.Has(SyntaxKind.AsyncKeyword)
        select $"{receive.At()}: {actor.Name}.{receive.Identifier} is async";

    private static bool SaysUnhandled(Actor actor, MethodDeclarationSyntax receive)
    {
        var parameter = receive.ParameterList.Parameters.FirstOrDefault()?.Identifier.Text ?? "";
        var defaults = receive.DescendantNodes().OfType<DefaultSwitchLabelSyntax>().Select(label => (SwitchSectionSyntax)label.Parent!).ToList();
        if (receive.DescendantNodes().OfType<SwitchStatementSyntax>().Any())
        {
            return defaults.Any(section => section.Statements.Any(HandsOn));
        }

        return HandsOn(receive);

        bool HandsOn(CSharpSyntaxNode node) => node.DescendantNodesAndSelf().OfType<InvocationExpressionSyntax>().Any(call =>
            call.ArgumentList.Arguments.Any(argument => argument.Expression.ToString() == parameter)
            && (ActorSyntax.NameOf(call) == "Unhandled" || IsOtherReceive(actor, receive, ActorSyntax.NameOf(call))));
    }

    /// <summary>A message may be handed on to a shared tail of several behaviours, if that one says Unhandled.</summary>
    private static bool IsOtherReceive(Actor actor, MethodDeclarationSyntax from, string name) =>
        actor.Members.OfType<MethodDeclarationSyntax>().Any(method => method != from && method.Identifier.Text == name && SaysUnhandled(actor, method));

    private static bool IsExit(StatementSyntax statement) => statement is BreakStatementSyntax or ReturnStatementSyntax { Expression: null };

    private static IEnumerable<string> Problems(SourceFile file, ClassDeclarationSyntax holder)
    {
        if (!holder.Has(SyntaxKind.StaticKeyword))
        {
            yield return $"{holder.At()}: {holder.Identifier} is not static";
        }

        foreach (var record in holder.Members.OfType<RecordDeclarationSyntax>().Where(record =>
                     !record.Has(SyntaxKind.SealedKeyword) && !record.Has(SyntaxKind.AbstractKeyword) && record.ClassOrStructKeyword.Text != "struct"))
        {
            yield return $"{record.At()}: {holder.Identifier}.{record.Identifier} is not sealed";
        }

        foreach (var other in holder.Members.OfType<TypeDeclarationSyntax>().Where(type => type is ClassDeclarationSyntax or StructDeclarationSyntax))
        {
            yield return $"{other.At()}: {holder.Identifier}.{other.Identifier} is no record";
        }
    }

    private static bool IsMessage(RecordDeclarationSyntax record) =>
        record.Parent is ClassDeclarationSyntax holder
        && (holder.Identifier.Text.EndsWith("Messages", StringComparison.Ordinal) || ActorSyntax.IsActor(holder));

    private static string? TypeOf(SwitchLabelSyntax label)
    {
        ExpressionSyntax? type = label switch
        {
            CasePatternSwitchLabelSyntax { Pattern: DeclarationPatternSyntax pattern } => pattern.Type,
            CasePatternSwitchLabelSyntax { Pattern: RecursivePatternSyntax pattern } => pattern.Type,
            CasePatternSwitchLabelSyntax { Pattern: ConstantPatternSyntax { Expression: { } name } } => name,
            CaseSwitchLabelSyntax { Value: { } constant } => constant,
            _ => null,
        };
        return type?.ToString().Split('.')[^1];
    }
}
