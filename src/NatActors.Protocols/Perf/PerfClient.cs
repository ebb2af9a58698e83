using System.Buffers.Binary;

namespace NatActors.Protocols.Perf;

/// <summary>
/// The asking side of one measurement. It counts and times; the bytes themselves go straight between the stream and a buffer of its driver:
/// write the header, write <see cref="NextUpload"/> bytes until it says 0, finish writing, read until the end.
/// Source: libp2p/specs perf/perf.md.
/// </summary>
public sealed class PerfClient
{
    private readonly ulong _upload;
    private readonly ulong _download;
    private readonly TimeSpan _startedAt;
    private readonly TimeSpan _interval;
    private TimeSpan _reportAt;
    private TimeSpan _turnedAt;
    private ulong _reported;
    private TimeSpan _reportedAt;
    private bool _turned;
    private bool _uploadFinished;

    /// <summary>A measurement that starts at <paramref name="now"/>.</summary>
    public PerfClient(ulong upload, ulong download, PerfOptions options, TimeSpan now)
    {
        _upload = upload;
        _download = download;
        _startedAt = now;
        _reportedAt = now;
        _interval = options.ProgressInterval;
        _reportAt = now + _interval;
    }

    /// <summary>Bytes sent so far.</summary>
    public ulong Uploaded { get; private set; }

    /// <summary>Bytes received so far.</summary>
    public ulong Downloaded { get; private set; }

    /// <summary>Why it failed, or null.</summary>
    public PerfFailure? Failure { get; private set; }

    /// <summary>Set once the end of the stream has come and all was as asked.</summary>
    public PerfResult? Result { get; private set; }

    /// <summary>Writes the stream's first eight bytes.</summary>
    public void WriteHeader(Span<byte> destination) => BinaryPrimitives.WriteUInt64BigEndian(destination, _download);

    /// <summary>
    /// How many bytes of the buffer to send next, at most <paramref name="buffer"/>; 0 when the upload is done and writing is to be
    /// finished.
    /// </summary>
    public int NextUpload(int buffer) => (int)Math.Min((ulong)buffer, _upload - Uploaded);

    /// <summary>Those bytes were taken by the stream.</summary>
    public void OnUploaded(int bytes) => Uploaded += (ulong)bytes;

    /// <summary>Writing was finished (half-closed).</summary>
    public void OnUploadFinished() => _uploadFinished = true;

    /// <summary>Bytes came. False when that is a failure: reset the stream.</summary>
    public bool OnDownloaded(int bytes, TimeSpan now)
    {
        // specs perf/perf.md: the server answers once it has read the client's end of stream.
        if (!_uploadFinished)
        {
            return Fail(PerfFailure.AnsweredEarly);
        }

        if ((ulong)bytes > _download - Downloaded)
        {
            return Fail(PerfFailure.TooManyBytes);
        }

        Turn(now);
        Downloaded += (ulong)bytes;
        return true;
    }

    /// <summary>The server finished writing: <see cref="Result"/> or <see cref="Failure"/> is set.</summary>
    public void OnEnded(TimeSpan now)
    {
        if (Failure is not null)
        {
            return;
        }

        if (!_uploadFinished)
        {
            Fail(PerfFailure.AnsweredEarly);
        }
        else if (Downloaded < _download)
        {
            Fail(PerfFailure.TooFewBytes);
        }
        else
        {
            Turn(now);
            Result = new PerfResult(Uploaded, _turnedAt - _startedAt, Downloaded, now - _turnedAt);
        }
    }

    /// <summary>A report when one is due: bytes moved, both ways, and the time since the last report. Null otherwise.</summary>
    public PerfProgress? TakeProgress(TimeSpan now)
    {
        if (now < _reportAt)
        {
            return null;
        }

        var moved = Uploaded + Downloaded;
        var progress = new PerfProgress(moved - _reported, now - _reportedAt, Uploaded, Downloaded);
        _reported = moved;
        _reportedAt = now;
        _reportAt = now + _interval;
        return progress;
    }

    private void Turn(TimeSpan now)
    {
        if (!_turned)
        {
            _turned = true;
            _turnedAt = now;
        }
    }

    private bool Fail(PerfFailure failure)
    {
        Failure ??= failure;
        return false;
    }
}

/// <summary>How far a measurement is.</summary>
/// <param name="Bytes">Bytes moved since the last report.</param>
/// <param name="Time">Time since the last report.</param>
/// <param name="Uploaded">Bytes sent in all.</param>
/// <param name="Downloaded">Bytes received in all.</param>
public sealed record PerfProgress(ulong Bytes, TimeSpan Time, ulong Uploaded, ulong Downloaded);
