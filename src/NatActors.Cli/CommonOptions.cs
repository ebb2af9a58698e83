using System.CommandLine;
using Microsoft.Extensions.Configuration;
using NatActors.Hosting;

namespace NatActors.Cli;

/// <summary>The options that commands share, and how they and the configuration file make the node's options.</summary>
public sealed class CommonOptions
{
    /// <summary>
    /// The configuration that is read when <c>--config</c> does not name another: from <c>config/</c> here, else from <c>config/</c> beside
    /// the program.
    /// </summary>
    public const string General = "natactors.json";

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

    /// <summary><c>--bootstrap</c>.</summary>
    public Option<string[]> Bootstrap { get; } = new("--bootstrap")
    {
        Description = "A peer to know the network by: it says what it sees of this node, dials back, relays if it can; repeatable",
        HelpName = "MULTIADDR",
        AllowMultipleArgumentsPerToken = false,
        Arity = ArgumentArity.ZeroOrMore,
    };

    /// <summary><c>--no-port-mapping</c>.</summary>
    public Option<bool> NoPortMapping { get; } = new("--no-port-mapping")
    {
        Description = "Do not ask the router to forward the listen port (UPnP, NAT-PMP, PCP)",
    };

    /// <summary><c>--no-autorelay</c>.</summary>
    public Option<bool> NoAutoRelay { get; } = new("--no-autorelay")
    {
        Description = "Use no relays but those that are named with --relay",
    };

    /// <summary><c>--control</c>.</summary>
    public Option<string?> Control { get; } = new("--control")
    {
        Description = "The control socket of the node, where 'natactors status' asks it; none for none",
        HelpName = "PATH",
    };

    /// <summary>Options from the configuration, then the command line on top.</summary>
    /// <exception cref="UsageException">The file is missing, unreadable or not JSON.</exception>
    public ConfiguredOptions Read(ParseResult result)
    {
        var options = new NatActorsOptions();
        var mistakes = FilesFor(result.GetValue(Config)).SelectMany(file => ReadFile(file, options)).ToList();
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

        if (Has(result, Bootstrap))
        {
            options.Bootstrap.AddRange(result.GetValue(Bootstrap) ?? []);
        }

        if (Has(result, Control) && result.GetValue(Control) is { Length: > 0 } control)
        {
            options.Control = control;
        }

        options.PortMapping &= !(Has(result, NoPortMapping) && result.GetValue(NoPortMapping));
        options.AutoRelay.Relays = Has(result, NoAutoRelay) && result.GetValue(NoAutoRelay) ? 0 : options.AutoRelay.Relays;
        return new ConfiguredOptions(options, mistakes);
    }

    private static bool Has(ParseResult result, Option option) => result.GetResult(option) is { Implicit: false };

    private static IEnumerable<string> ReadFile(string file, NatActorsOptions options)
    {
        IConfigurationRoot configuration;
        try
        {
            configuration = new ConfigurationBuilder().AddJsonFile(file, optional: false).Build();
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The configuration {file} cannot be read: {e.GetBaseException().Message}");
        }

        var strangers = configuration.GetChildren().Where(child => !child.Key.Equals(NatActorsOptions.SectionName, StringComparison.OrdinalIgnoreCase));
        return strangers.Select(stranger => $"{stranger.Key} is no section of it; options stand in {NatActorsOptions.SectionName}.")
            .Concat(options.Read(configuration.GetSection(NatActorsOptions.SectionName)))
            .Select(mistake => $"{file}: {mistake}");
    }

    /// <summary>A file by its name; a profile by the general configuration beside it and then its own, which need only hold what differs.</summary>
    private static IEnumerable<string> FilesFor(string? named)
    {
        string[] folders = ["config", Path.Combine(AppContext.BaseDirectory, "config")];
        if (named is null)
        {
            return folders.Select(folder => Path.GetFullPath(Path.Combine(folder, General))).Where(File.Exists).Take(1);
        }

        if (File.Exists(named))
        {
            return [Path.GetFullPath(named)];
        }

        foreach (var folder in folders)
        {
            var profile = Path.GetFullPath(Path.Combine(folder, $"{named}.json"));
            if (File.Exists(profile))
            {
                var general = Path.GetFullPath(Path.Combine(folder, General));
                return File.Exists(general) && general != profile ? [general, profile] : [profile];
            }
        }

        throw new UsageException($"There is no configuration {named}; name a JSON file, or a profile in config/ such as behind-nat.");
    }
}
