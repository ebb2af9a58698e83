using NatActors.Benchmarks.Memory;
using NatActors.Benchmarks.Transfer;

return args switch
{
    [ServerProcess.Verb, ..] => await ServerProcess.RunAsync(),
    [MemoryNode.Verb, .. var rest] => await MemoryNode.RunAsync(rest),
    [MemoryClients.Verb, .. var rest] => await MemoryClients.RunAsync(rest),
    [MemoryBenchmark.Verb, .. var rest] => await MemoryBenchmark.RunAsync(rest),
    [TransferBenchmark.Verb, .. var rest] => await TransferBenchmark.RunAsync(rest),
    [] or [['-', ..], ..] => await TransferBenchmark.RunAsync(args),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine(TransferBenchmark.Usage);
    return 2;
}
