using NatActors.Benchmarks.Transfer;

return args switch
{
    [ServerProcess.Verb, ..] => await ServerProcess.RunAsync(),
    [TransferBenchmark.Verb, .. var rest] => await TransferBenchmark.RunAsync(rest),
    [] or [['-', ..], ..] => await TransferBenchmark.RunAsync(args),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine(TransferBenchmark.Usage);
    return 2;
}
