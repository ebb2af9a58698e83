using NatActors.Fuzz.Running;

return FuzzCommand.Run(args, Console.Out);
