using System.Diagnostics;
using Akka.Actor;

namespace NatActors.Benchmarks.Runtime;

/// <summary>What one load cost.</summary>
/// <param name="PerSecond">Messages, questions or actors a second.</param>
/// <param name="AllocatedBytes">Bytes allocated for one of them.</param>
/// <param name="CpuNanoseconds">Processor time of all threads for one of them: hardly moved by what else the machine does.</param>
internal sealed record Cost(double PerSecond, double AllocatedBytes, double CpuNanoseconds);

/// <summary>What an idle actor holds.</summary>
/// <param name="Cost">Its making.</param>
/// <param name="ManagedBytes">Live bytes on the managed heap, after a collection.</param>
/// <param name="ResidentBytes">Growth of the process's resident memory.</param>
internal sealed record Footprint(Cost Cost, double ManagedBytes, double ResidentBytes);

/// <summary>The loads, on whichever runtime the program was built with.</summary>
internal static class RuntimeMeasures
{
    // A load that has not ended by then hangs, and a hang is a bug of the runtime.
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(5);

    /// <summary>Threads outside of any actor tell one actor.</summary>
    public static Task<Cost> TellAsync(ActorSystem system, int senders, long messages)
    {
        var each = messages / senders;
        var countdown = new Countdown(1);
        var sink = system.ActorOf(Props.Create(typeof(Sink), each * senders, countdown));
        return MeasureAsync(
            each * senders,
            async () =>
            {
                await Task.WhenAll(Enumerable.Range(0, senders).Select(_ => Task.Factory.StartNew(
                    () =>
                    {
                        for (var i = 0L; i < each; i++)
                        {
                            sink.Tell(Ball.InPlay, ActorRefs.NoSender);
                        }
                    },
                    TaskCreationOptions.LongRunning)));
                await countdown.Done;
                system.Stop(sink);
            });
    }

    /// <summary>Pairs of actors; each message that comes back counts as two.</summary>
    public static Task<Cost> PingPongAsync(ActorSystem system, int pairs, int inFlight, long messages)
    {
        var returns = messages / 2 / pairs;
        var countdown = new Countdown(pairs);
        var servers = Enumerable.Range(0, pairs).Select(_ => system.ActorOf(Props.Create(
            typeof(Server), system.ActorOf(Props.Create(typeof(Answerer))), inFlight, returns, countdown))).ToArray();
        return MeasureAsync(
            returns * 2 * pairs,
            async () =>
            {
                foreach (var server in servers)
                {
                    server.Tell(Ball.Serve, ActorRefs.NoSender);
                }

                await countdown.Done;
                Array.ForEach(servers, system.Stop);
            });
    }

    /// <summary>Questions one after the other, by several askers side by side.</summary>
    public static Task<Cost> AskAsync(ActorSystem system, int askers, long questions)
    {
        var each = questions / askers;
        var answerers = Enumerable.Range(0, askers).Select(_ => system.ActorOf(Props.Create(typeof(Answerer)))).ToArray();
        return MeasureAsync(
            each * askers,
            async () =>
            {
                await Task.WhenAll(answerers.Select(answerer => Task.Run(async () =>
                {
                    for (var i = 0L; i < each; i++)
                    {
                        await answerer.Ask<Ball>(Ball.InPlay, Guard);
                    }
                })));
                Array.ForEach(answerers, system.Stop);
            });
    }

    /// <summary>Questions that do not wait for each other's answers, so many at once.</summary>
    public static Task<Cost> AskManyAsync(ActorSystem system, int atOnce, long questions)
    {
        var answerer = system.ActorOf(Props.Create(typeof(Answerer)));
        return MeasureAsync(
            questions / atOnce * atOnce,
            async () =>
            {
                var asked = new Task<Ball>[atOnce];
                for (var batch = questions / atOnce; batch > 0; batch--)
                {
                    for (var i = 0; i < atOnce; i++)
                    {
                        asked[i] = answerer.Ask<Ball>(Ball.InPlay, Guard);
                    }

                    await Task.WhenAll(asked);
                }

                system.Stop(answerer);
            });
    }

    /// <summary>Idle actors below one parent. They end with the system, which the caller ends.</summary>
    public static async Task<Footprint> SpawnAsync(ActorSystem system, int actors)
    {
        var countdown = new Countdown(actors);
        var nursery = system.ActorOf(Props.Create(typeof(Nursery), countdown));
        var (managed, resident) = Memory();
        var cost = await MeasureAsync(
            actors,
            async () =>
            {
                nursery.Tell(actors, ActorRefs.NoSender);
                await countdown.Done;
            });
        var (managedAfter, residentAfter) = Memory();
        return new Footprint(cost, (managedAfter - managed) / (double)actors, (residentAfter - resident) / (double)actors);
    }

    private static async Task<Cost> MeasureAsync(long count, Func<Task> load)
    {
        GC.Collect();
        var process = Process.GetCurrentProcess();
        var (allocated, processor, started) = (GC.GetTotalAllocatedBytes(precise: true), process.TotalProcessorTime, Stopwatch.GetTimestamp());
        await load().WaitAsync(Guard);
        var time = Stopwatch.GetElapsedTime(started);
        process.Refresh();
        return new Cost(
            count / time.TotalSeconds,
            (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)count,
            (process.TotalProcessorTime - processor).TotalNanoseconds / count);
    }

    private static (long Managed, long Resident) Memory()
    {
        // Twice, with what waits for finalizers between, and compacting: what is left is held by something.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return (GC.GetTotalMemory(forceFullCollection: false), Environment.WorkingSet);
    }
}
