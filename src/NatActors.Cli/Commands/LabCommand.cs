using System.CommandLine;
using NatActors.Cli.Demo;
using NatActors.Lab;
using NatActors.Lab.Verbs;

namespace NatActors.Cli.Commands;

/// <summary><c>natactors lab up|down|exec|list</c>: the laboratory of kernel NATs, for a person.</summary>
internal static class LabCommand
{
    public static Command Create(CommonOptions common, TextWriter output, TextWriter errors)
    {
        LabCommands Lab(ParseResult result) => new(output, errors, result.GetValue(common.Json));
        var id = new Option<string?>("--lab") { Description = "Which laboratory, when there are several (see 'lab list')", HelpName = "ID" };
        return new Command("lab", "A laboratory of network namespaces: public hosts, NATs of every kind, path delay")
        {
            Up(Lab),
            Down(Lab, id),
            Exec(Lab, id),
            List(Lab),
        };
    }

    private static Command Up(Func<ParseResult, LabCommands> lab)
    {
        var defaults = new LabUpOptions();
        var routerA = Router("--router-a", "A", defaults.RouterA);
        var routerB = Router("--router-b", "B", defaults.RouterB);
        var delay = new Option<double>("--delay")
        {
            Description = "One way through the core, in milliseconds",
            HelpName = "MS",
            DefaultValueFactory = _ => defaults.DelayMs,
        };
        var foreground = new Option<bool>("--foreground") { Description = "Stay, and take the laboratory down on Ctrl-C" };
        var command = new Command("up", "Bring a laboratory up: R, S, T, U public, A and B behind routers") { routerA, routerB, delay, foreground };
        command.SetAction((result, cancellationToken) => lab(result).UpAsync(
            new LabUpOptions
            {
                RouterA = result.GetValue(routerA)!,
                RouterB = result.GetValue(routerB)!,
                DelayMs = result.GetValue(delay),
                Foreground = result.GetValue(foreground),
            },
            OwnProgram.Command(),
            cancellationToken));
        return command;
    }

    private static Option<string> Router(string name, string host, string kind) => new(name)
    {
        Description = $"The router before {host}: none, firewall, fullcone, addrrestricted, portforward[:PORT], portrestricted, symmetric, cgnat "
            + "or cgnatsym, then modifiers: +rst, +udpblocked, +short, +hairpin",
        HelpName = "KIND",
        DefaultValueFactory = _ => kind,
    };

    private static Command Down(Func<ParseResult, LabCommands> lab, Option<string?> id)
    {
        var command = new Command("down", "Take the laboratory down, and what dead ones left") { id };
        command.SetAction((result, cancellationToken) => lab(result).DownAsync(result.GetValue(id), cancellationToken));
        return command;
    }

    private static Command Exec(Func<ParseResult, LabCommands> lab, Option<string?> id)
    {
        var host = new Argument<string>("host") { Description = "R, S, T, U, A, B, or a router: NA, NB", HelpName = "HOST" };
        var program = new Argument<string[]>("command") { Description = "What to run there", HelpName = "COMMAND", Arity = ArgumentArity.OneOrMore };
        var command = new Command("exec", "Run a command in a host: lab exec A -- ip address") { host, program, id };
        command.SetAction(async result =>
        {
            using var signals = Signals.BesideAChild();
            return await lab(result).ExecAsync(result.GetValue(host)!, result.GetValue(program)!, result.GetValue(id), signals.Token);
        });
        return command;
    }

    private static Command List(Func<ParseResult, LabCommands> lab)
    {
        var command = new Command("list", "List the laboratories that are up, their hosts and addresses");
        command.SetAction(result => lab(result).List());
        return command;
    }
}
