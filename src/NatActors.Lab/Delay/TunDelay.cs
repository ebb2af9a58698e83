using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using NatActors.Lab.Kernel;

namespace NatActors.Lab.Delay;

/// <summary>
/// Delays every packet that crosses a namespace: the core routes each into this TUN device, and what comes back out of it to its cable.
/// </summary>
/// <remarks>
/// One thread reads, holds and writes, so packets of one delay never overtake each other. The kernel hands over unsegmented TCP and UDP
/// (virtio header, linux/if_tun.h), which is what makes gigabits of it cheap; the header goes back with the packet untouched.
/// </remarks>
internal sealed class TunDelay : IAsyncDisposable
{
    internal const string DeviceName = "delay0";
    internal const string DevicePath = "/dev/net/tun";

    private const nuint TunSetInterface = 0x400454ca;
    private const nuint TunSetOffload = 0x400454d0;
    private const nuint ChecksumAndTcpSegmentation = 0x1 | 0x2 | 0x4 | 0x8;
    private const nuint UdpSegmentation = 0x20 | 0x40;
    private const ushort TunWithVirtioHeader = 0x1 | 0x1000 | 0x4000;
    private const int VirtioHeaderBytes = 10;
    private const int InterfaceRequestBytes = 40;
    private const int NameBytes = 16;
    private const int LargestRead = 66_000;

    /// <summary>Bytes that wait at most, for each distinct delay: 20 ms at 13 Gbit/s.</summary>
    private const int QueueBytes = 32 * 1024 * 1024;

    /// <summary>Packets read in a row before those that are due get their turn.</summary>
    private const int ReadBurst = 64;

    private readonly int _device;
    private readonly int _wake;
    private readonly DelayPlan _plan;
    private readonly List<PacketQueue> _queues = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stopping;

    private TunDelay(int device, int wake, DelayPlan plan)
    {
        _device = device;
        _wake = wake;
        _plan = plan;
        new Thread(Pump) { IsBackground = true, Name = "lab path delay", Priority = ThreadPriority.AboveNormal }.Start();
    }

    /// <summary>Packets dropped because a queue was full.</summary>
    internal long Dropped { get; private set; }

    /// <summary>Makes the device in a namespace and starts the pump; the caller brings the device up and routes into it.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">/dev/net/tun is absent or refused.</exception>
    internal static TunDelay Start(NetNamespace core, DelayPlan plan)
    {
        // The device belongs to the namespace in which /dev/net/tun was opened.
        var device = core.Run(OpenDevice);
        var wake = Native.EventDescriptor(0, Native.CloseOnExec);
        return new TunDelay(device, wake, plan);
    }

    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        Wake();
        await _ended.Task.ConfigureAwait(false);
        _ = Native.Close(_device);
        _ = Native.Close(_wake);
        _queues.ForEach(queue => queue.Dispose());
    }

    private static unsafe int OpenDevice()
    {
        var device = Native.Open(DevicePath, Native.ReadWriteNonBlocking);
        Span<byte> request = stackalloc byte[InterfaceRequestBytes];
        request.Clear();
        Encoding.ASCII.GetBytes(DeviceName, request);
        MemoryMarshal.Write(request[NameBytes..], TunWithVirtioHeader);
        fixed (byte* pointer = request)
        {
            if (Native.Ioctl(device, TunSetInterface, pointer) != 0)
            {
                var failure = Native.Failure("TUNSETIFF");
                _ = Native.Close(device);
                throw failure;
            }
        }

        // UDP segmentation came with Linux 6.2; without either, packets merely arrive one by one.
        if (Native.IoctlValue(device, TunSetOffload, ChecksumAndTcpSegmentation | UdpSegmentation) != 0)
        {
            _ = Native.IoctlValue(device, TunSetOffload, ChecksumAndTcpSegmentation);
        }

        return device;
    }

    private unsafe void Wake()
    {
        var one = 1UL;
        _ = Native.Write(_wake, &one, sizeof(ulong));
    }

    private void Pump()
    {
        try
        {
            while (!_stopping)
            {
                ReadBurstOfPackets();
                var next = WriteDue(Stopwatch.GetTimestamp());
                WaitForPacketOr(next);
            }
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    private unsafe void ReadBurstOfPackets()
    {
        var buffer = stackalloc byte[LargestRead];
        for (var i = 0; i < ReadBurst; i++)
        {
            var length = (int)Native.Read(_device, buffer, LargestRead);
            if (length <= VirtioHeaderBytes)
            {
                return;
            }

            var frame = new ReadOnlySpan<byte>(buffer, length);
            var wait = _plan.Of(frame[VirtioHeaderBytes..]);
            var due = Stopwatch.GetTimestamp() + (wait.Ticks * (Stopwatch.Frequency / TimeSpan.TicksPerSecond));
            if (!QueueOf(wait).TryEnqueue(due, frame))
            {
                Dropped++;
            }
        }
    }

    /// <summary>Hands over what has waited long enough; answers when the next packet is due, or null where none waits.</summary>
    private unsafe long? WriteDue(long now)
    {
        long? next = null;
        foreach (var queue in _queues)
        {
            while (!queue.IsEmpty && queue.NextDue <= now)
            {
                var frame = queue.Peek();
                fixed (byte* pointer = frame)
                {
                    // A refusal (the way out is down) is a lost packet, as on any cable.
                    _ = Native.Write(_device, pointer, (nuint)frame.Length);
                }

                queue.Dequeue();
            }

            if (!queue.IsEmpty && (next is null || queue.NextDue < next))
            {
                next = queue.NextDue;
            }
        }

        return next;
    }

    private unsafe void WaitForPacketOr(long? next)
    {
        var entries = stackalloc Native.PollEntry[2];
        entries[0] = new Native.PollEntry { Descriptor = _device, Wanted = Native.PollIn };
        entries[1] = new Native.PollEntry { Descriptor = _wake, Wanted = Native.PollIn };
        if (next is not { } due)
        {
            _ = Native.PollUntil(entries, 2, null, null);
            return;
        }

        var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
        if (left > TimeSpan.Zero)
        {
            var nanoseconds = left.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick;
            var timeout = new Native.TimeSpec { Seconds = (long)left.TotalSeconds, Nanoseconds = nanoseconds };
            _ = Native.PollUntil(entries, 2, &timeout, null);
        }
    }

    private PacketQueue QueueOf(TimeSpan wait)
    {
        foreach (var queue in _queues)
        {
            if (queue.Wait == wait)
            {
                return queue;
            }
        }

        var made = new PacketQueue(wait, QueueBytes);
        _queues.Add(made);
        return made;
    }
}
