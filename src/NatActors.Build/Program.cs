namespace NatActors.Build;

/// <summary>The one build program behind build.sh and build.ps1.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        var parsed = CommandLine.Parse(args);
        if (parsed.Mistake is { } mistake)
        {
            Console.Error.WriteLine($"build: {mistake}");
            Console.Error.WriteLine(CommandLine.Usage);
            return ExitCodes.Usage;
        }

        if (parsed.Verb is Verb.Help)
        {
            Console.WriteLine(CommandLine.Usage);
            return ExitCodes.Success;
        }

        try
        {
            var workspace = Workspace.Find(AppContext.BaseDirectory);
            // Not on standard output, which belongs to the program that is run: with --json each of its lines is an object.
            Console.Error.WriteLine($"build: actor runtime {Describe(parsed.Runtime)}");
            return await new Verbs(workspace, parsed).RunAsync();
        }
        catch (BuildException stopped)
        {
            Console.Error.WriteLine($"build: {stopped.Message}");
            return stopped.ExitCode;
        }
    }

    private static string Describe(ActorRuntime runtime) => runtime switch
    {
        ActorRuntime.Akka => "Akka (the Akka.NET packages, by --runtime akka)",
        _ => "Embedded (src/Akka.Embedded, the default)",
    };
}
