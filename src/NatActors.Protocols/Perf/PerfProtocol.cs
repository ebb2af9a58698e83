namespace NatActors.Protocols.Perf;

/// <summary>What both sides of a throughput measurement know. Source: libp2p/specs perf/perf.md.</summary>
public static class PerfProtocol
{
    /// <summary>The protocol's id on a stream.</summary>
    public const string Id = "/perf/1.0.0";

    /// <summary>A stream begins with this many bytes: how many the client wants back, unsigned 64-bit big-endian.</summary>
    public const int HeaderLength = 8;
}

/// <summary>What the answering side allows, and how often the asking side reports.</summary>
public sealed record PerfOptions
{
    /// <summary>
    /// The most bytes a client may ask back. Default 16 GiB: a measurement, not a way to spend a stranger's traffic for ever.
    /// </summary>
    public ulong MaxDownload { get; init; } = 16UL << 30;

    /// <summary>The most bytes a client may send. Default 16 GiB.</summary>
    public ulong MaxUpload { get; init; } = 16UL << 30;

    /// <summary>From one progress report to the next. Above zero; default 1 s.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>Why a measurement came to nothing.</summary>
public enum PerfFailure
{
    /// <summary>The client asked for more than <see cref="PerfOptions.MaxDownload"/>.</summary>
    DownloadTooLarge,

    /// <summary>The client sent more than <see cref="PerfOptions.MaxUpload"/>.</summary>
    UploadTooLarge,

    /// <summary>The stream ended before its eight first bytes.</summary>
    TruncatedHeader,

    /// <summary>The server sent more bytes than were asked for.</summary>
    TooManyBytes,

    /// <summary>The server finished before it had sent all that was asked for.</summary>
    TooFewBytes,

    /// <summary>The server answered before the whole upload was finished.</summary>
    AnsweredEarly,
}

/// <summary>What was measured: bytes and the time they took, both ways.</summary>
/// <param name="UploadBytes">Bytes sent.</param>
/// <param name="UploadTime">From the first byte sent to the first sign that the server had read all of them.</param>
/// <param name="DownloadBytes">Bytes received.</param>
/// <param name="DownloadTime">From that sign to the last byte received.</param>
public sealed record PerfResult(ulong UploadBytes, TimeSpan UploadTime, ulong DownloadBytes, TimeSpan DownloadTime);
