using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NatActors.Architecture.Tests.Actors;

/// <summary>What the actor rules ask of syntax.</summary>
internal static class ActorSyntax
{
    private static readonly string[] ActorBases = ["UntypedActor", "ReceiveActor", "ActorBase", "ReceivePersistentActor", "UntypedPersistentActor"];

    private static readonly string[] Become = ["Become", "BecomeStacked"];

    public static IEnumerable<(SourceFile File, ClassDeclarationSyntax Class)> Actors(IEnumerable<SourceFile> files) =>
        from file in files
        from declared in file.Syntax.DescendantNodes().OfType<ClassDeclarationSyntax>()
        where IsActor(declared)
        select (file, declared);

    public static bool IsActor(ClassDeclarationSyntax declared) =>
        declared.BaseList?.Types.Any(type => ActorBases.Contains(type.Type.ToString().Split('.')[^1])) == true
        || declared.Identifier.Text.EndsWith("Actor", StringComparison.Ordinal);

    /// <summary>OnReceive, and every method of the class that Become is given.</summary>
    public static IEnumerable<MethodDeclarationSyntax> Receives(ClassDeclarationSyntax actor)
    {
        var names = Calls(actor)
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
    public static bool IsNestedIn(ClassDeclarationSyntax actor, SyntaxNode node) =>
        node.Ancestors().OfType<TypeDeclarationSyntax>().First() != actor;
}
