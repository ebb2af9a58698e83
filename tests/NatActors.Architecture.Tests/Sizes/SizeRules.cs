using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NatActors.Architecture.Tests.Sizes;

/// <summary>Budgets: quality shows in the tail.</summary>
internal static class SizeRules
{
    public const int SourceFileLines = 400;
    public const int TestFileLines = 600;
    public const int FunctionLines = 60;
    public const int ConstructorParameters = 7;

    public static IEnumerable<string> Files(IEnumerable<SourceFile> files) =>
        from file in files
        let budget = file.Path.StartsWith("tests/", StringComparison.Ordinal) ? TestFileLines : SourceFileLines
        let lines = file.Lines.Count()
        where lines > budget
        select $"{file.Path} has {lines} lines, {budget} are allowed";

    public static IEnumerable<string> Functions(IEnumerable<SourceFile> files) =>
        from file in files
        from node in file.Syntax.DescendantNodes()
        where node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax or AnonymousFunctionExpressionSyntax
        let span = node.GetLocation().GetLineSpan()
        let lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1
        where lines > FunctionLines
        select $"{node.At()} is a function of {lines} lines, {FunctionLines} are allowed";

    public static IEnumerable<string> Constructors(IEnumerable<SourceFile> files) =>
        from file in files
        from node in file.Syntax.DescendantNodes()
        let parameters = Parameters(node)
        where parameters > ConstructorParameters
        select $"{node.At()} has a constructor of {parameters} parameters, {ConstructorParameters} are allowed";

    private static int Parameters(SyntaxNode node) => node switch
    {
        ConstructorDeclarationSyntax constructor => constructor.ParameterList.Parameters.Count,
        TypeDeclarationSyntax { ParameterList: { } primary } => primary.Parameters.Count,
        _ => 0,
    };
}
