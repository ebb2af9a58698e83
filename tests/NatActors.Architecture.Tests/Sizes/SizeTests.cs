namespace NatActors.Architecture.Tests.Sizes;

public class SizeTests
{
    private const string Statement = "        x++;\n";

    [Fact]
    public void Files_keep_their_budget() => Rule.Holds(SizeRules.Files(Tree.CSharp));

    [Fact]
    public void Functions_keep_their_budget() => Rule.Holds(SizeRules.Functions(Tree.CSharp));

    [Fact]
    public void Constructors_keep_their_budget() => Rule.Holds(SizeRules.Constructors(Tree.CSharp));

    [Theory]
    [InlineData("src/A.cs", SizeRules.SourceFileLines)]
    [InlineData("tests/A.cs", SizeRules.TestFileLines)]
    public void A_file_one_line_too_long_is_seen(string path, int budget)
    {
        Rule.Holds(SizeRules.Files([Rule.Planted(Lines(budget), path)]));
        Rule.Sees(SizeRules.Files([Rule.Planted(Lines(budget + 1), path)]), path);
    }

    [Theory]
    [InlineData("void M()\n    {\n", "    }\n")]
    [InlineData("int P { get\n    {\n", "    }\n }")]
    [InlineData("System.Action F = () =>\n    {\n", "    };\n")]
    public void A_function_one_line_too_long_is_seen(string head, string foot)
    {
        Rule.Holds(SizeRules.Functions([Function(head, SizeRules.FunctionLines - 3, foot)]));
        Rule.Sees(SizeRules.Functions([Function(head, SizeRules.FunctionLines - 2, foot)]), "function of 61 lines");
    }

    [Theory]
    [InlineData("class A { A(int a, int b, int c, int d, int e, int f, int g, int h) { } }")]
    [InlineData("class A(int a, int b, int c, int d, int e, int f, int g, int h);")]
    [InlineData("record A(int a, int b, int c, int d, int e, int f, int g, int h);")]
    public void A_constructor_with_one_parameter_too_many_is_seen(string planted)
    {
        Rule.Holds(SizeRules.Constructors([Rule.Planted(planted.Replace(", int h", "", StringComparison.Ordinal))]));
        Rule.Sees(SizeRules.Constructors([Rule.Planted(planted)]), "constructor of 8");
    }

    private static string Lines(int count) => string.Concat(Enumerable.Repeat("//\n", count));

    private static SourceFile Function(string head, int statements, string foot) =>
        Rule.Planted("class A\n{\n    int x;\n    " + head + string.Concat(Enumerable.Repeat(Statement, statements)) + foot + "}\n");
}
