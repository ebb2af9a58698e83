using NatActors.Fuzz.Recording;
using NatActors.Fuzz.Running;

return args is ["record", ..] ? Recorder.Run(args[1..]) : FuzzCommand.Run(args, Console.Out);
