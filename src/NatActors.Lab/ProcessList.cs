using System.Diagnostics;

namespace NatActors.Lab;

/// <summary>The processes of a host or a router, which end with it.</summary>
internal sealed class ProcessList
{
    private readonly List<LabProcess> _processes = [];

    public LabProcess Start(string netns, ProcessStartInfo program)
    {
        var process = LabProcess.Start(netns, program);
        lock (_processes)
        {
            _processes.Add(process);
        }

        return process;
    }

    public async ValueTask KillAsync()
    {
        LabProcess[] processes;
        lock (_processes)
        {
            processes = [.. _processes];
            _processes.Clear();
        }

        foreach (var process in processes)
        {
            await process.DisposeAsync().ConfigureAwait(false);
        }
    }
}
