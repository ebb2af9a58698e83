namespace NatActors.Architecture.Tests.Docs;

public class DocTests
{
    /// <summary>Akka.Embedded repeats an API that is documented where it comes from.</summary>
    [Fact]
    public void The_public_api_is_documented() => Rule.Holds(DocRules.Undocumented(Tree.Under("src/NatActors.")));

    [Theory]
    [InlineData("public class A { }", "A is public")]
    [InlineData("/// <summary>Doc.</summary>\npublic class A { public int B() => 1; }", "B is public")]
    [InlineData("/// <summary>Doc.</summary>\npublic interface A { int B { get; } }", "B is public")]
    [InlineData("/// <summary>Doc.</summary>\npublic class A { public record B(int C); }", "B is public")]
    [InlineData("/// <summary>Doc.</summary>\npublic class A { public const int B = 1; }", "B is public")]
    public void A_planted_bare_member_is_seen(string code, string expected) => Rule.Sees(DocRules.Undocumented([Rule.Planted(code)]), expected);

    [Theory]
    [InlineData("internal class A { public int B() => 1; }")]
    [InlineData("/// <summary>Doc.</summary>\npublic class A { public override string ToString() => \"\"; private int _b; }")]
    public void What_nobody_outside_sees_needs_no_doc(string code) => Rule.Holds(DocRules.Undocumented([Rule.Planted(code)]));
}
