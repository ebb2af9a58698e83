using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NatActors.Architecture.Tests.Text;

/// <summary>What may not stand in the text of the tree. Forbidden words are put together here, so that this file does not hold them.</summary>
internal static partial class TextRules
{
    private static readonly string[] Unfinished = ["TO" + "DO", "TB" + "D", "FIX" + "ME", "HA" + "CK", "NotImplemented" + "Exception"];

    private static readonly Regex MachinePath = new("(?<![A-Za-z0-9_.$}>])/(tmp/[A-Za-z]|work/|root/|home/[a-z])", RegexOptions.CultureInvariant);

    private static readonly Regex RegistryHost = new(@"(api\.nuget\.|registry\.npmjs\." + @"|deb\.debian\.)", RegexOptions.CultureInvariant);

    /// <summary>No <c>#region</c>, nothing left for later.</summary>
    public static IEnumerable<string> Leftovers(IEnumerable<SourceFile> files) =>
        from file in files
        from line in file.Lines.Index()
        where line.Item.TrimStart().StartsWith("#" + "region", StringComparison.Ordinal)
            || Unfinished.Any(word => Regex.IsMatch(line.Item, $@"\b{word}\b"))
        select $"{file.Path}:{line.Index + 1}: {line.Item.Trim()}";

    /// <summary>No path or host of one machine or workplace.</summary>
    public static IEnumerable<string> Places(IEnumerable<SourceFile> files) =>
        from file in files
        from line in file.Lines.Index()
        where MachinePath.IsMatch(line.Item) || RegistryHost.IsMatch(line.Item)
        select $"{file.Path}:{line.Index + 1}: {line.Item.Trim()}";

    /// <summary>No code in comments: a comment that reads as a statement, or opens or closes a block.</summary>
    public static IEnumerable<string> CommentedOutCode(IEnumerable<SourceFile> files) =>
        from file in files
        from trivia in file.Syntax.DescendantTrivia()
        where trivia.IsKind(SyntaxKind.SingleLineCommentTrivia) || trivia.IsKind(SyntaxKind.MultiLineCommentTrivia)
        from text in trivia.ToString().Split('\n').Select(line => line.Trim().TrimStart('/', '*').TrimEnd('/', '*').Trim())
        where LooksLikeCode(text)
        select $"{file.Path}:{trivia.GetLocation().GetLineSpan().StartLinePosition.Line + 1}: {text}";

    /// <summary>Tests wait for events or jump in virtual time; they never sleep.</summary>
    public static IEnumerable<string> Sleeps(IEnumerable<SourceFile> files) =>
        from file in files
        from access in file.Syntax.DescendantNodes().OfType<MemberAccessExpressionSyntax>()
        where access.ToString() is var name
            && (name.EndsWith("Thread.Sleep", StringComparison.Ordinal) || name.EndsWith("Task.Delay", StringComparison.Ordinal))
        select $"{access.At()}: {access}";

    /// <summary>The namespace of what Akka.NET does not have stays in the projects that are left out of the Akka lane.</summary>
    public static IEnumerable<string> EmbeddedOnlyNames(IEnumerable<SourceFile> files) =>
        from file in files
        from name in file.Syntax.DescendantNodes(descendIntoTrivia: false).OfType<QualifiedNameSyntax>()
        where name.ToString() is "Akka.Embedded"
        select $"{name.At()}: {name}";

    private static bool LooksLikeCode(string text)
    {
        if (text is "{" or "}" or "};" or "});")
        {
            return true;
        }

        return text.EndsWith(';')
            && StatementMark().IsMatch(text)
            && !SyntaxFactory.ParseStatement(text).ContainsDiagnostics;
    }

    [GeneratedRegex(@"[(=]|^(return|break|continue|throw|using|await|yield)\b|\+\+|--")]
    private static partial Regex StatementMark();
}
