using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NatActors.Architecture.Tests.Docs;

/// <summary>The public API is documented.</summary>
internal static class DocRules
{
    /// <summary>Public types and their public members without a doc comment. Overrides inherit theirs; enum members may speak for themselves.</summary>
    public static IEnumerable<string> Undocumented(IEnumerable<SourceFile> files) =>
        from file in files
        from member in file.Syntax.DescendantNodes().OfType<MemberDeclarationSyntax>()
        where IsPublic(member) && !HasDoc(member)
        select $"{member.At()}: {Describe(member)} is public and has no doc comment";

    private static bool IsPublic(MemberDeclarationSyntax member)
    {
        if (member is BaseNamespaceDeclarationSyntax or EnumMemberDeclarationSyntax or GlobalStatementSyntax || member.Modifiers.Any(SyntaxKind.OverrideKeyword))
        {
            return false;
        }

        var inInterface = member.Parent is InterfaceDeclarationSyntax && !member.Modifiers.Any(SyntaxKind.PrivateKeyword);
        return (inInterface || member.Modifiers.Any(SyntaxKind.PublicKeyword))
            && member.Ancestors().OfType<BaseTypeDeclarationSyntax>().All(type => type.Modifiers.Any(SyntaxKind.PublicKeyword) || type.Parent is InterfaceDeclarationSyntax);
    }

    private static bool HasDoc(MemberDeclarationSyntax member) =>
        member.GetLeadingTrivia().Any(trivia => trivia.IsKind(SyntaxKind.SingleLineDocumentationCommentTrivia));

    private static string Describe(MemberDeclarationSyntax member) => member switch
    {
        BaseTypeDeclarationSyntax type => type.Identifier.Text,
        MethodDeclarationSyntax method => method.Identifier.Text,
        PropertyDeclarationSyntax property => property.Identifier.Text,
        BaseFieldDeclarationSyntax field => field.Declaration.Variables.First().Identifier.Text,
        _ => member.Kind().ToString(),
    };
}
