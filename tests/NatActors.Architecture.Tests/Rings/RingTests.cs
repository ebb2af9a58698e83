using System.Xml.Linq;
using Mono.Cecil;

namespace NatActors.Architecture.Tests.Rings;

public class RingTests
{
    private static IEnumerable<(string Name, XDocument Project)> Projects =>
        Directory.EnumerateFiles(Path.Combine(Tree.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(path => (Path.GetFileNameWithoutExtension(path), XDocument.Load(path)));

    [Fact]
    public void Projects_refer_only_along_the_arrows() =>
        Rule.Holds(Projects.SelectMany(found => RingRules.Project(found.Name, found.Project)));

    [Fact]
    public void Every_ring_has_its_project() =>
        Assert.Equal(RingRules.Arrows.Keys.Order(StringComparer.Ordinal), Projects.Select(found => found.Name).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("NatActors.Transports", """<ProjectReference Include="../NatActors.Wire/NatActors.Wire.csproj" />""", "NatActors.Transports -> NatActors.Wire")]
    [InlineData("NatActors.Node", """<ProjectReference Include="..\NatActors.Hosting\NatActors.Hosting.csproj" />""", "NatActors.Node -> NatActors.Hosting")]
    [InlineData("NatActors.Protocols", "<UsesAkka>true</UsesAkka>", "NatActors.Protocols -> Akka.Embedded")]
    [InlineData("NatActors.Node", "<UsesAkkaHosting>true</UsesAkkaHosting>", "NatActors.Node -> Akka.Embedded.Hosting")]
    [InlineData("NatActors.Ghost", "", "in no ring")]
    public void A_planted_project_reference_is_seen(string name, string planted, string expected) =>
        Rule.Sees(RingRules.Project(name, XDocument.Parse($"<Project>{planted}</Project>")), expected);

    [Fact]
    public void Compiled_assemblies_use_only_what_the_arrows_reach() =>
        Rule.Holds(RingRules.Arrows.Keys.Where(IsCompiled).SelectMany(name => RingRules.Assembly(name, References(name))));

    [Fact]
    public void The_rings_that_the_rule_reads_are_compiled() =>
        Assert.All(RingRules.Arrows.Keys.Where(name => name.StartsWith("NatActors", StringComparison.Ordinal)), name => Assert.True(IsCompiled(name), name));

    [Theory]
    [InlineData("NatActors.Wire", "System.Net.Sockets")]
    [InlineData("NatActors.Protocols", "Akka.Embedded")]
    [InlineData("NatActors.Protocols", "Akka")]
    [InlineData("NatActors.Transports", "NatActors.Wire")]
    [InlineData("NatActors.Lab", "NatActors.Node")]
    [InlineData("NatActors.Node", "Akka.Hosting")]
    public void A_planted_assembly_reference_is_seen(string name, string reference) =>
        Rule.Sees(RingRules.Assembly(name, ["System.Runtime", reference]), $"{name} -> {reference}");

    [Fact]
    public void Compiled_pure_rings_name_no_task_socket_or_clock() =>
        Rule.Holds(RingRules.Arrows.Keys.Where(IsCompiled).SelectMany(name => RingRules.Types(name, Types(name))));

    [Theory]
    [InlineData("System.Threading.Tasks.ValueTask`1")]
    [InlineData("System.Net.Sockets.Socket")]
    [InlineData("System.Random")]
    public void A_planted_type_is_seen(string type)
    {
        Rule.Sees(RingRules.Types("NatActors.Wire", [type]), type);
        Rule.Holds(RingRules.Types("NatActors.Transports", [type]));
    }

    [Fact]
    public void The_banned_symbols_are_in_force() => Rule.Holds(Projects.SelectMany(found => RingRules.Bans(found.Name, found.Project)));

    [Theory]
    [InlineData("NatActors.Wire", "", "says Ring")]
    [InlineData("NatActors.Node", "<Ring>Pure</Ring>", "says Ring")]
    [InlineData("NatActors.Wire", "<Ring>Pure</Ring><NoWarn>RS0030</NoWarn>", "silences")]
    public void A_project_that_steps_out_of_its_ban_list_is_seen(string name, string planted, string expected) =>
        Rule.Sees(RingRules.Bans(name, XDocument.Parse($"<Project>{planted}</Project>")), expected);

    private static string Compiled(string name) =>
        Path.Combine(AppContext.BaseDirectory, (name == "NatActors.Cli" ? "natactors" : name) + ".dll");

    private static bool IsCompiled(string name) => File.Exists(Compiled(name));

    private static IEnumerable<string> Types(string name)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Compiled(name));
        return assembly.MainModule.GetTypeReferences().Select(type => type.FullName).ToList();
    }

    private static IEnumerable<string> References(string name)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Compiled(name));
        return assembly.MainModule.AssemblyReferences.Select(reference => reference.Name).ToList();
    }
}
