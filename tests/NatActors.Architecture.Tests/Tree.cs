using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NatActors.Architecture.Tests;

/// <summary>A text file of the repository, or one planted by a test; the path is relative to the root, with forward slashes.</summary>
internal sealed class SourceFile(string path, string text)
{
    private readonly Lazy<CompilationUnitSyntax> _syntax = new(() => CSharpSyntaxTree.ParseText(text, path: path).GetCompilationUnitRoot());

    public string Path { get; } = path;

    public string Text { get; } = text;

    public CompilationUnitSyntax Syntax => _syntax.Value;

    public string Name => System.IO.Path.GetFileName(Path);

    public IEnumerable<string> Lines => Text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
}

/// <summary>Where a node stands: path and line.</summary>
internal static class Places
{
    public static string At(this SyntaxNode node) =>
        $"{node.SyntaxTree.FilePath}:{node.GetLocation().GetLineSpan().StartLinePosition.Line + 1}";
}

/// <summary>The working tree, read once.</summary>
internal static class Tree
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    private static readonly string[] NotOurs = ["artifacts", "bin", "obj", "node_modules", ".git", "TestResults", ".vs", ".idea"];

    private static readonly string[] TextExtensions =
        [".cs", ".csproj", ".props", ".targets", ".json", ".md", ".sh", ".ps1", ".mjs", ".proto", ".txt", ".editorconfig", ".yml", ".nft", ""];

    private static readonly Lazy<IReadOnlyList<SourceFile>> Everything = new(() => Read(new DirectoryInfo(Root)).ToList());

    /// <summary>All text files of ours.</summary>
    public static IReadOnlyList<SourceFile> Files => Everything.Value;

    public static IEnumerable<SourceFile> CSharp => Files.Where(file => file.Path.EndsWith(".cs", StringComparison.Ordinal));

    public static IEnumerable<SourceFile> Under(string folder) => CSharp.Where(file => file.Path.StartsWith(folder, StringComparison.Ordinal));

    public static string Text(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "NatActors.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("no NatActors.sln above " + AppContext.BaseDirectory);
        }

        return folder.FullName;
    }

    private static IEnumerable<SourceFile> Read(DirectoryInfo folder)
    {
        foreach (var file in folder.EnumerateFiles().Where(file => TextExtensions.Contains(file.Extension)))
        {
            yield return new SourceFile(Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'), File.ReadAllText(file.FullName));
        }

        foreach (var file in folder.EnumerateDirectories().Where(child => !NotOurs.Contains(child.Name)).SelectMany(Read))
        {
            yield return file;
        }
    }
}

/// <summary>How a rule over the tree, and over a planted violation, is asserted.</summary>
internal static class Rule
{
    public static void Holds(IEnumerable<string> violations)
    {
        var found = violations.ToList();
        Assert.True(found.Count == 0, $"{found.Count} violations:\n" + string.Join('\n', found));
    }

    public static void Sees(IEnumerable<string> violations, string expected) =>
        Assert.Contains(violations, violation => violation.Contains(expected, StringComparison.Ordinal));

    public static SourceFile Planted(string text, string path = "src/NatActors.Node/Planted.cs") => new(path, text);
}
