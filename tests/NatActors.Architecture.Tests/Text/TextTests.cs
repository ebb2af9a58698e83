using System.Xml.Linq;

namespace NatActors.Architecture.Tests.Text;

public class TextTests
{
    private static readonly string[] EmbeddedOnlyTests = ["tests/Akka.Embedded.Tests/"];

    [Fact]
    public void Nothing_is_left_for_later() => Rule.Holds(TextRules.Leftovers(Tree.Files.Where(IsOurProse)));

    [Theory]
    [InlineData("#" + "region Fields")]
    [InlineData("// TO" + "DO: later")]
    [InlineData("throw new NotImplemented" + "Exception();")]
    public void A_planted_leftover_is_seen(string line) => Rule.Sees(TextRules.Leftovers([Rule.Planted("int a;\n" + line)]), "Planted.cs:2");

    [Fact]
    public void No_file_names_a_place_of_one_machine() => Rule.Holds(TextRules.Places(Tree.Files.Where(IsOurProse)));

    [Theory]
    [InlineData("var log = \"/tm" + "p/x.log\";")]
    [InlineData("cd /ro" + "ot/thing")]
    [InlineData("see /ho" + "me/ada/notes")]
    [InlineData("\"resolved\": \"https://registry.npm" + "js.org/libp2p\"")]
    public void A_planted_place_is_seen(string line) => Rule.Sees(TextRules.Places([Rule.Planted(line)]), "Planted.cs:1");

    [Fact]
    public void No_code_stands_in_comments() => Rule.Holds(TextRules.CommentedOutCode(Tree.CSharp));

    [Theory]
    [InlineData("// var a = Compute(b);")]
    [InlineData("// return a;")]
    [InlineData("/* Foo.Bar(1);\n   */")]
    [InlineData("// }")]
    public void Planted_code_in_a_comment_is_seen(string comment) =>
        Rule.Sees(TextRules.CommentedOutCode([Rule.Planted($"class A\n{{\n    {comment}\n}}")]), "Planted.cs:3");

    [Theory]
    [InlineData("// The mapping is kept (see section 14); the port is not;")]
    [InlineData("// A lost FIN costs nothing: the remote resets;")]
    [InlineData("// idle --Dial--> dialing --Connected--> open")]
    public void Prose_in_a_comment_is_no_code(string comment) =>
        Rule.Holds(TextRules.CommentedOutCode([Rule.Planted($"class A\n{{\n    {comment}\n}}")]));

    [Fact]
    public void Tests_never_sleep() => Rule.Holds(TextRules.Sleeps(Tree.Under("tests/")));

    [Theory]
    [InlineData("System.Threading.Thread.Sleep(1)")]
    [InlineData("await Task.Delay(10)")]
    public void A_planted_sleep_is_seen(string call) =>
        Rule.Sees(TextRules.Sleeps([Rule.Planted($"class A\n{{\n    async Task M() => {call};\n}}", "tests/A.cs")]), "tests/A.cs:3");

    [Fact]
    public void Only_projects_outside_the_Akka_lane_use_what_Akka_does_not_have() =>
        Rule.Holds(TextRules.EmbeddedOnlyNames(Tree.CSharp.Where(file => !MayUseEmbeddedNames(file))));

    [Theory]
    [InlineData("using Akka.Embedded;")]
    [InlineData("class A { Akka.Embedded.Deterministic.Clock c; }")]
    public void A_planted_embedded_name_is_seen(string code) => Rule.Sees(TextRules.EmbeddedOnlyNames([Rule.Planted(code)]), "Planted.cs:1");

    [Fact]
    public void Projects_that_use_what_Akka_does_not_have_say_so() =>
        Assert.All(EmbeddedOnlyTests, folder => Assert.Equal("true", XDocument.Load(ProjectIn(folder)).Descendants("EmbeddedOnly").Single().Value));

    private static string ProjectIn(string folder) => Directory.EnumerateFiles(Path.Combine(Tree.Root, folder), "*.csproj").Single();

    private static bool MayUseEmbeddedNames(SourceFile file) =>
        file.Path.StartsWith("src/Akka.Embedded", StringComparison.Ordinal) || EmbeddedOnlyTests.Any(file.Path.StartsWith);

    /// <summary>Data files that others wrote (API lists, test vectors, lock files of text) may hold any word; these rules are for our own text.</summary>
    private static bool IsOurProse(SourceFile file) =>
        !file.Path.Contains("/Data/", StringComparison.Ordinal) && !file.Path.Contains("/vectors/", StringComparison.OrdinalIgnoreCase);
}
