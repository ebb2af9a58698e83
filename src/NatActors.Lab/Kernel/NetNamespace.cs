using System.Net.Sockets;
using System.Runtime.ExceptionServices;

namespace NatActors.Lab.Kernel;

/// <summary>One named network namespace, as <c>ip netns</c> makes them.</summary>
/// <param name="name">Its name below /run/netns.</param>
internal sealed class NetNamespace(string name)
{
    internal const string Folder = "/run/netns";

    internal string Name { get; } = name;

    /// <summary>Runs a delegate on a thread of its own that lives in the namespace, and waits for it.</summary>
    /// <remarks>
    /// The thread must not start others: a thread inherits the namespace of the one that created it, and the pool may grow from any
    /// thread that queues work. The thread ends with the delegate, so nothing else ever runs there.
    /// </remarks>
    internal T Run<T>(Func<T> inside)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Enter();
                result = inside();
            }
            catch (Exception cause)
            {
                failure = ExceptionDispatchInfo.Capture(cause);
            }
        })
        {
            IsBackground = true,
            Name = $"lab {Name}",
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    /// <summary>Makes a socket that belongs to the namespace for as long as it lives, whichever thread uses it.</summary>
    internal Socket CreateSocket(AddressFamily family, SocketType type, ProtocolType protocol) =>
        Run(() => new Socket(family, type, protocol));

    /// <summary>Sets kernel switches below /proc/sys/net, which shows each thread its own namespace.</summary>
    internal void SetSwitches(IEnumerable<(string Path, string Value)> switches)
    {
        Run(() =>
        {
            foreach (var (path, value) in switches)
            {
                File.WriteAllText("/proc/sys/net/" + path, value);
            }

            return true;
        });
    }

    /// <summary>The same for switches that not every kernel has.</summary>
    internal void SetSwitchesThatExist(IEnumerable<(string Path, string Value)> switches) =>
        SetSwitches(Run(() => switches.Where(s => File.Exists("/proc/sys/net/" + s.Path)).ToList()));

    private void Enter()
    {
        var descriptor = Native.Open(Path.Combine(Folder, Name), Native.ReadOnly);
        try
        {
            Native.EnterNetwork(descriptor);
        }
        finally
        {
            _ = Native.Close(descriptor);
        }
    }
}
