using NatActors.Benchmarks;
using NatActors.Benchmarks.Memory;
using NatActors.Benchmarks.Profile;
using NatActors.Benchmarks.Suite;

return args switch
{
    [MemoryNode.Verb, .. var rest] => await MemoryNode.RunAsync(rest),
    [MemoryClients.Verb, .. var rest] => await MemoryClients.RunAsync(rest),
    [MemoryBenchmark.Verb, .. var rest] => await MemoryBenchmark.RunAsync(rest),
    [OtherProcess.Word, .. var words] => await RolePlayer.PlayAsync(Catalogue.All, words),
    [ProfileProgram.Word, .. var words] => await ProfileProgram.RunAsync(Catalogue.All, words),
    _ => await new SuiteProgram(Catalogue.All, Console.Out, Console.Error).RunAsync(args),
};
