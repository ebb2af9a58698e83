using System.CommandLine;
using Microsoft.Extensions.Configuration;
using NatActors.Hosting;

namespace NatActors.Cli;

/// <summary>The options that commands share, and how they and the configuration file make the node's options.</summary>
public sealed class CommonOptions
{
    /// <summary>The configuration file that is read when it exists and <c>--config</c> does not name another.</summary>
    public const string DefaultConfig = "config/natactors.json";

    /// <summary><c>--config</c>.</summary>
    public Option<string?> Config { get; } = new("--config")
    {
        Description = "A configuration file, or the name of a profile in config/ (behind-nat, public-relay)",
        HelpName = "FILE",
        Recursive = true,
    };

    /// <summary><c>--json</c>.</summary>
    public Option<bool> Json { get; } = new("--json")
    {
        Description = "One JSON object a line on standard output, logs on standard error",
        Recursive = true,
    };

    /// <summary><c>--identity</c>.</summary>
    public Option<string?> Identity { get; } = new("--identity")
    {
        Description = "The key file; made on first use (mode 0600), never overwritten",
        HelpName = "FILE",
    };

    /// <summary><c>--listen</c>.</summary>
    public Option<string[]> Listen { get; } = new("--listen")
    {
        Description = "A listen address, e.g. /ip4/0.0.0.0/tcp/4001; repeatable",
        HelpName = "MULTIADDR",
        AllowMultipleArgumentsPerToken = false,
        Arity = ArgumentArity.ZeroOrMore,
    };

    /// <summary>Options from the configuration, then the command line on top.</summary>
    /// <exception cref="UsageException">The file is missing, unreadable or not JSON.</exception>
    public NatActorsOptions Read(ParseResult result)
    {
        var options = ReadFile(result.GetValue(Config));
        if (result.GetValue(Json))
        {
            options.Logging.Console = options.Logging.Console == "none" ? "none" : "json";
        }

        if (Has(result, Identity) && result.GetValue(Identity) is { } identity)
        {
            options.Identity = identity;
        }

        if (Has(result, Listen) && result.GetValue(Listen) is { Length: > 0 } listen)
        {
            options.Listen = [.. listen];
        }

        return options;
    }

    private static bool Has(ParseResult result, Option option) => result.GetResult(option) is { Implicit: false };

    private static NatActorsOptions ReadFile(string? named)
    {
        var file = Find(named);
        var options = new NatActorsOptions();
        if (file is null)
        {
            return options;
        }

        try
        {
            var configuration = new ConfigurationBuilder().AddJsonFile(file, optional: false).Build();
            configuration.GetSection(NatActorsOptions.SectionName).Bind(options, o => o.ErrorOnUnknownConfiguration = true);
            return options;
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The configuration {file} cannot be used: {(e.InnerException ?? e).Message}");
        }
    }

    private static string? Find(string? named)
    {
        if (named is null)
        {
            return File.Exists(DefaultConfig) ? Path.GetFullPath(DefaultConfig) : null;
        }

        string[] places =
        [
            named,
            Path.Combine("config", $"{named}.json"),
            Path.Combine(AppContext.BaseDirectory, "config", $"{named}.json"),
        ];
        return places.Where(File.Exists).Select(Path.GetFullPath).FirstOrDefault()
            ?? throw new UsageException($"There is no configuration {named}; name a JSON file, or a profile in config/ such as behind-nat.");
    }
}
