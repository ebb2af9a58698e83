using NatActors.Build;

namespace NatActors.Architecture.Tests.Build;

public class CommandLineTests
{
    [Theory]
    [InlineData("test", "--runtime", "akka", "--slow")]
    [InlineData("--runtime", "Akka", "test", "--slow")]
    [InlineData("--slow", "--runtime", "AKKA", "test")]
    public void Options_stand_before_or_after_the_verb(params string[] args)
    {
        var parsed = CommandLine.Parse(args);
        Assert.Null(parsed.Mistake);
        Assert.Equal((Verb.Test, ActorRuntime.Akka, true), (parsed.Verb, parsed.Runtime, parsed.Slow));
        Assert.Empty(parsed.Rest);
    }

    [Fact]
    public void Everything_after_run_belongs_to_natactors()
    {
        var parsed = CommandLine.Parse(["run", "run", "--runtime", "x", "--slow", "-h"]);
        Assert.Null(parsed.Mistake);
        Assert.Equal(["run", "--runtime", "x", "--slow", "-h"], parsed.Rest);
    }

    [Theory]
    [InlineData("fly")]
    [InlineData("1")]
    [InlineData("--runtime")]
    [InlineData("--runtime", "orleans", "test")]
    [InlineData("--runtime", "7", "test")]
    public void What_is_not_understood_is_said(params string[] args) => Assert.NotNull(CommandLine.Parse(args).Mistake);

    [Fact]
    public void Nothing_is_help() => Assert.Equal(Verb.Help, CommandLine.Parse([]).Verb);
}
