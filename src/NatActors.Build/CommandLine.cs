namespace NatActors.Build;

/// <summary>What the build program can do.</summary>
internal enum Verb
{
    Help,
    Build,
    Test,
    Demo,
    Run,
    Bench,
}

/// <summary>Which implementation of the Akka.NET API is compiled in; the value names are those of the MSBuild property.</summary>
internal enum ActorRuntime
{
    Embedded,
    Akka,
}

/// <summary>The arguments, understood; <see cref="Mistake"/> is set when they were not.</summary>
internal sealed record CommandLine(Verb Verb, ActorRuntime Runtime, bool Slow, IReadOnlyList<string> Rest, string? Mistake = null)
{
    public const string Usage = """
        usage: ./build.sh [--runtime embedded|akka] VERB

          demo             two peers behind NATs meet through a relay and go direct, in kernel namespaces of this machine
          test [--slow]    build everything and run all tests; --slow adds the ones that take minutes to an hour, and shows how far they are
          test PROJECT...  only the test projects whose name contains one of the words
          run ARGS...      the natactors command with ARGS, e.g. `./build.sh run id`
          bench ARGS...    measures this node beside js-libp2p, see `./build.sh bench --help`
          build            only compile
          help             this text

        The soak of --slow takes NATACTORS_SOAK_MINUTES (60) and draws its steps by NATACTORS_SOAK_SEED (a new one; a run prints its own).
        --runtime embedded (default) compiles against the actor runtime in this repository, --runtime akka against the Akka.NET packages.
        As root on Debian, missing tools (nftables, iproute2, conntrack) are installed; npm packages of tests/interop are installed where
        npm is present. With CI=true a missing tool or a skipped test is an error.
        """;

    /// <summary>Reads the arguments. For <c>run</c> everything after the verb belongs to natactors, whatever it looks like.</summary>
    public static CommandLine Parse(IReadOnlyList<string> args)
    {
        Verb? verb = null;
        var runtime = ActorRuntime.Embedded;
        var slow = false;
        var rest = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            var word = args[i];
            if (verb is Verb.Run)
            {
                rest.Add(word);
            }
            else if (word is "--runtime")
            {
                if (i + 1 >= args.Count || !Enum.TryParse(args[++i], ignoreCase: true, out runtime) || !Enum.IsDefined(runtime))
                {
                    return Wrong("--runtime is embedded or akka");
                }
            }
            else if (word is "--slow" && (verb is null or Verb.Test))
            {
                slow = true;
            }
            else if (word is "--help" or "-h" && verb is null)
            {
                verb = Verb.Help;
            }
            else if (verb is not null)
            {
                rest.Add(word);
            }
            else if (Enum.TryParse<Verb>(word, ignoreCase: true, out var named) && Enum.IsDefined(named) && char.IsLetter(word[0]))
            {
                verb = named;
            }
            else
            {
                return Wrong($"'{word}' is no verb");
            }
        }

        return new CommandLine(verb ?? Verb.Help, runtime, slow, rest);
    }

    private static CommandLine Wrong(string mistake) => new(Verb.Help, ActorRuntime.Embedded, false, [], mistake);
}
