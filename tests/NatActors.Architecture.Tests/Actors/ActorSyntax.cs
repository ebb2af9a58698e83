using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NatActors.Architecture.Tests.Actors;

/// <summary>An actor class, with all its partial declarations.</summary>
internal sealed record Actor(string Name, IReadOnlyList<ClassDeclarationSyntax> Parts)
{
    public IEnumerable<MemberDeclarationSyntax> Members => Parts.SelectMany(part => part.Members);

    public string At() => Parts[0].At();
}

/// <summary>What the actor rules ask of syntax.</summary>
internal static class ActorSyntax
{
    private static readonly string[] ActorBases = ["UntypedActor", "ReceiveActor", "ActorBase", "ReceivePersistentActor", "UntypedPersistentActor"];

    private static readonly string[] Become = ["Become", "BecomeStacked"];

    public static IEnumerable<Actor> Actors(IEnumerable<SourceFile> files) =>
        files.SelectMany(file => file.Syntax.DescendantNodes().OfType<ClassDeclarationSyntax>())
            .GroupBy(declared => declared.Identifier.Text)
            .Select(parts => new Actor(parts.Key, [.. parts]))
            .Where(actor => actor.Parts.Any(IsActor));

    /// <summary>By its base, or, for a class that stands by itself, by its name.</summary>
    public static bool IsActor(ClassDeclarationSyntax declared) =>
        declared.BaseList?.Types.Any(type => ActorBases.Contains(type.Type.ToString().Split('.')[^1])) == true
        || (declared.Identifier.Text.EndsWith("Actor", StringComparison.Ordinal) && declared.Parent is not TypeDeclarationSyntax);

    /// <summary>OnReceive, and every method of the class that Become is given.</summary>
    public static IEnumerable<MethodDeclarationSyntax> Receives(Actor actor)
    {
        var names = actor.Parts.SelectMany(Calls)
            .Where(call => Become.Contains(NameOf(call)))
            .SelectMany(call => call.ArgumentList.Arguments.Take(1))
            .Select(argument => argument.Expression.ToString())
            .Append("OnReceive")
            .ToHashSet();
        return actor.Members.OfType<MethodDeclarationSyntax>().Where(method => names.Contains(method.Identifier.Text));
    }

    public static IEnumerable<InvocationExpressionSyntax> Calls(CSharpSyntaxNode node) => node.DescendantNodes().OfType<InvocationExpressionSyntax>();

    /// <summary>The last word of what is called: <c>ActorOf</c> for <c>Context.ActorOf(…)</c>, <c>Ask</c> for <c>peer.Ask&lt;T&gt;(…)</c>.</summary>
    public static string NameOf(InvocationExpressionSyntax call) => call.Expression switch
    {
        MemberAccessExpressionSyntax access => access.Name.Identifier.Text,
        SimpleNameSyntax name => name.Identifier.Text,
        MemberBindingExpressionSyntax binding => binding.Name.Identifier.Text,
        _ => "",
    };

    public static bool Has(this MemberDeclarationSyntax member, SyntaxKind modifier) => member.Modifiers.Any(modifier);

    /// <summary>True for members of types nested in the class, which the class's own rules do not mean.</summary>
    public static bool IsNestedIn(Actor actor, SyntaxNode node) =>
        node.Ancestors().OfType<TypeDeclarationSyntax>().First() is var around && actor.Parts.All(part => part != around);
}
