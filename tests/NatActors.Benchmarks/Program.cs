using NatActors.Benchmarks;
using NatActors.Benchmarks.Profile;
using NatActors.Benchmarks.Suite;

return args switch
{
    [OtherProcess.Word, .. var words] => await RolePlayer.PlayAsync(Catalogue.All, words),
    [ProfileProgram.Word, .. var words] => await ProfileProgram.RunAsync(Catalogue.All, words),
    _ => await new SuiteProgram(Catalogue.All, Console.Out, Console.Error).RunAsync(args),
};
