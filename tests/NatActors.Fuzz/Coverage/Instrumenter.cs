using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace NatActors.Fuzz.Coverage;

/// <summary>The blocks of one method of an instrumented assembly.</summary>
/// <param name="Assembly">The assembly's name.</param>
/// <param name="Method">The method's full name.</param>
/// <param name="First">The number of its first block.</param>
/// <param name="Count">How many it has.</param>
public sealed record InstrumentedMethod(string Assembly, string Method, int First, int Count);

/// <summary>
/// Puts a call of <see cref="Trace.Hit"/> in front of each basic block of an assembly. SharpFuzz does the same with counters of eight bits,
/// which serve to find new paths but are no measure of work; and with hashed block numbers, which do not tell the assembly.
/// </summary>
internal static class Instrumenter
{
    /// <summary>Changes whenever the result does, so that old copies are not taken for new ones.</summary>
    public const int Version = 2;

    /// <summary>Writes an instrumented copy; the blocks are numbered from a first one on.</summary>
    public static IReadOnlyList<InstrumentedMethod> Instrument(string source, string destination, int firstBlock)
    {
        using var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(Path.GetDirectoryName(source));
        using var assembly = AssemblyDefinition.ReadAssembly(source, new ReaderParameters { AssemblyResolver = resolver, InMemory = true });
        var hit = assembly.MainModule.ImportReference(typeof(Trace).GetMethod(nameof(Trace.Hit)));
        AllowOptimisation(assembly);
        var methods = new List<InstrumentedMethod>();
        var next = firstBlock;
        foreach (var method in assembly.MainModule.GetTypes().SelectMany(type => type.Methods).Where(IsCounted))
        {
            var count = Instrument(method.Body, hit, next);
            methods.Add(new InstrumentedMethod(assembly.Name.Name, method.FullName, next, count));
            next += count;
        }

        assembly.Write(destination);
        return methods;
    }

    // What sets up static fields runs once, in whichever input comes first: it is no work of that input.
    private static bool IsCounted(MethodDefinition method) => method.HasBody && !(method.IsConstructor && method.IsStatic);

    // The debug build keeps its assertions, but is compiled as the optimised one is: millions of inputs are to run.
    private static void AllowOptimisation(AssemblyDefinition assembly)
    {
        foreach (var attribute in assembly.CustomAttributes.Where(a => a.AttributeType.Name == "DebuggableAttribute").ToList())
        {
            assembly.CustomAttributes.Remove(attribute);
        }
    }

    private static int Instrument(MethodBody body, MethodReference hit, int first)
    {
        body.SimplifyMacros();
        var heads = Heads(body);
        var instructions = body.Instructions.ToList();
        var entries = new Dictionary<Instruction, Instruction>();
        var il = body.GetILProcessor();
        var next = first;
        foreach (var head in instructions.Where(heads.Contains))
        {
            var entry = il.Create(OpCodes.Ldc_I4, next++);
            il.InsertBefore(head, entry);
            il.InsertBefore(head, il.Create(OpCodes.Call, hit));
            entries.Add(head, entry);
        }

        Redirect(body, instructions, entries);
        body.OptimizeMacros();
        return next - first;
    }

    private static HashSet<Instruction> Heads(MethodBody body)
    {
        var heads = new HashSet<Instruction> { body.Instructions[0] };
        foreach (var instruction in body.Instructions)
        {
            if (instruction.Operand is Instruction target)
            {
                heads.Add(target);
            }

            heads.UnionWith(instruction.Operand as Instruction[] ?? []);
            if (instruction.OpCode.FlowControl is FlowControl.Cond_Branch && instruction.Next is { } after)
            {
                heads.Add(after);
            }
        }

        foreach (var handler in body.ExceptionHandlers)
        {
            heads.Add(handler.HandlerStart);
            if (handler.FilterStart is { } filter)
            {
                heads.Add(filter);
            }
        }

        return heads;
    }

    private static void Redirect(MethodBody body, List<Instruction> instructions, Dictionary<Instruction, Instruction> entries)
    {
        Instruction? Entry(Instruction? old) => old is not null && entries.TryGetValue(old, out var entry) ? entry : old;

        foreach (var instruction in instructions)
        {
            instruction.Operand = instruction.Operand switch
            {
                Instruction target => Entry(target),
                Instruction[] targets => Array.ConvertAll(targets, target => Entry(target)!),
                var other => other,
            };
        }

        foreach (var handler in body.ExceptionHandlers)
        {
            handler.TryStart = Entry(handler.TryStart);
            handler.TryEnd = Entry(handler.TryEnd);
            handler.HandlerStart = Entry(handler.HandlerStart);
            handler.HandlerEnd = Entry(handler.HandlerEnd);
            handler.FilterStart = Entry(handler.FilterStart);
        }
    }
}
