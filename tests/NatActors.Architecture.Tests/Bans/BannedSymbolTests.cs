using System.Collections.Immutable;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace NatActors.Architecture.Tests.Bans;

/// <summary>The ban lists, as the compiler applies them: run in memory on planted code. That the rings apply them is held by RingTests.</summary>
public class BannedSymbolTests
{
    private const string Pure = "src/BannedSymbols.Pure.txt";
    private const string Node = "src/BannedSymbols.Node.txt";

    private const string AnalyzerName = "Microsoft.CodeAnalysis.CSharp.BannedApiAnalyzers.CSharpSymbolIsBannedAnalyzer";

    private static readonly ImmutableArray<MetadataReference> Framework =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path)),
    ];

    [Theory]
    [InlineData(Pure, "var s = new System.Net.Sockets.TcpClient();")]
    [InlineData(Pure, "var now = System.DateTime.UtcNow;")]
    [InlineData(Pure, "var now = System.DateTimeOffset.UtcNow;")]
    [InlineData(Pure, "var now = System.Diagnostics.Stopwatch.GetTimestamp();")]
    [InlineData(Pure, "System.Threading.Tasks.Task.FromResult(1);")]
    [InlineData(Pure, "var r = System.Random.Shared.Next();")]
    [InlineData(Pure, "System.Security.Cryptography.RandomNumberGenerator.Fill(new byte[1]);")]
    [InlineData(Pure, "var t = new System.Threading.Thread(() => { });")]
    [InlineData(Node, "var s = new System.Net.Sockets.TcpClient();")]
    [InlineData(Node, "System.Threading.Tasks.Task.Run(() => { });")]
    [InlineData(Node, "System.Threading.Tasks.Task.Run(() => 1);")]
    [InlineData(Node, "System.Threading.Tasks.Task.Delay(1);")]
    [InlineData(Node, "System.Threading.Tasks.Task.CompletedTask.ConfigureAwait(false);")]
    [InlineData(Node, "System.Threading.Tasks.Task.FromResult(1).ConfigureAwait(false);")]
    [InlineData(Node, "default(System.Threading.Tasks.ValueTask<int>).ConfigureAwait(false);")]
    [InlineData(Node, "new System.Threading.CancellationTokenSource(System.TimeSpan.FromSeconds(1));")]
    [InlineData(Node, "new System.Threading.CancellationTokenSource().CancelAfter(1);")]
    [InlineData(Node, "System.Threading.Channels.Channel.CreateUnbounded<int>();")]
    [InlineData(Node, "var now = System.DateTimeOffset.UtcNow;")]
    [InlineData(Node, "var now = System.Environment.TickCount64;")]
    [InlineData(Node, "var r = System.Random.Shared.Next();")]
    public async Task A_planted_use_is_an_error(string list, string statement) =>
        Assert.Equal(["RS0030"], (await BannedIn(list, statement)).Select(found => found.Id).Distinct());

    [Theory]
    [InlineData(Pure, "var t = System.TimeSpan.FromSeconds(1);")]
    [InlineData(Node, "new System.Threading.CancellationTokenSource().Cancel();")]
    public async Task What_is_allowed_is_not_banned(string list, string statement) => Assert.Empty(await BannedIn(list, statement));

    [Theory]
    [InlineData(Pure)]
    [InlineData(Node)]
    public void Every_line_names_a_symbol_that_exists(string list) => Rule.Holds(Unknown(Tree.Text(list)));

    [Fact]
    public void A_line_with_a_typing_error_is_seen() => Rule.Sees(Unknown("T:System.Threading.Tsk;no such type"), "Tsk");

    private static IEnumerable<string> Unknown(string list)
    {
        var compilation = Compile("");
        return list.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(';')[0].Trim())
            .Where(id => !id.StartsWith("N:Akka", StringComparison.Ordinal))
            .Where(id => DocumentationCommentId.GetSymbolsForDeclarationId(id, compilation).IsEmpty);
    }

    private static async Task<IReadOnlyList<Diagnostic>> BannedIn(string list, string statement)
    {
        var compilation = Compile($"class Planted {{ void M() {{ {statement} }} }}");
        Assert.DoesNotContain(compilation.GetDiagnostics(), found => found.Severity == DiagnosticSeverity.Error);
        var options = new AnalyzerOptions([new BanList(Tree.Text(list))]);
        var found = await compilation.WithAnalyzers([Analyzer()], options).GetAnalyzerDiagnosticsAsync();
        return [.. found];
    }

    private static CSharpCompilation Compile(string code) => CSharpCompilation.Create(
        "Planted", [CSharpSyntaxTree.ParseText(code)], Framework, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));

    private static DiagnosticAnalyzer Analyzer()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "analyzers");
        var analyzer = Directory.EnumerateFiles(folder, "*.CSharp.BannedApiAnalyzers.dll")
            .Select(Assembly.LoadFrom)
            .Select(assembly => assembly.GetType(AnalyzerName, throwOnError: true)!)
            .Single();
        return (DiagnosticAnalyzer)Activator.CreateInstance(analyzer)!;
    }

    /// <summary>The analyzer knows its lists by their names.</summary>
    private sealed class BanList(string text) : AdditionalText
    {
        public override string Path => "BannedSymbols.Planted.txt";

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(text);
    }
}
