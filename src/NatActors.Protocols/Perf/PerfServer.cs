using System.Buffers.Binary;

namespace NatActors.Protocols.Perf;

/// <summary>
/// The answering side of one measurement: reads eight bytes, drops all that follow up to the end, then sends as many as the eight said.
/// Like <see cref="PerfClient"/> it only counts. Source: libp2p/specs perf/perf.md.
/// </summary>
public sealed class PerfServer(PerfOptions options)
{
    private readonly byte[] _header = new byte[PerfProtocol.HeaderLength];
    private int _headerLength;
    private ulong _toSend;
    private bool _ended;

    /// <summary>Bytes the client sent after the header.</summary>
    public ulong Received { get; private set; }

    /// <summary>Bytes sent back.</summary>
    public ulong Sent { get; private set; }

    /// <summary>Why it failed, or null.</summary>
    public PerfFailure? Failure { get; private set; }

    /// <summary>Bytes came, in pieces of any size. False when that is a failure: reset the stream.</summary>
    public bool OnBytes(ReadOnlySpan<byte> bytes)
    {
        if (Failure is not null)
        {
            return false;
        }

        if (_headerLength < _header.Length)
        {
            var taken = Math.Min(bytes.Length, _header.Length - _headerLength);
            bytes[..taken].CopyTo(_header.AsSpan(_headerLength));
            _headerLength += taken;
            bytes = bytes[taken..];
            if (_headerLength == _header.Length && !ReadHeader())
            {
                return false;
            }
        }

        Received += (ulong)bytes.Length;
        return Received <= options.MaxUpload || Fail(PerfFailure.UploadTooLarge);
    }

    /// <summary>
    /// The client finished writing: now <see cref="NextDownload"/> says what to send. False when that is a failure: reset the stream.
    /// </summary>
    public bool OnEnded()
    {
        if (_headerLength < _header.Length)
        {
            return Fail(PerfFailure.TruncatedHeader);
        }

        _ended = true;
        return Failure is null;
    }

    /// <summary>
    /// How many bytes to send next, at most <paramref name="buffer"/>; 0 when all are sent and writing is to be finished.
    /// </summary>
    public int NextDownload(int buffer) => _ended && Failure is null ? (int)Math.Min((ulong)buffer, _toSend - Sent) : 0;

    /// <summary>Those bytes were taken by the stream.</summary>
    public void OnSent(int bytes) => Sent += (ulong)bytes;

    private bool ReadHeader()
    {
        _toSend = BinaryPrimitives.ReadUInt64BigEndian(_header);
        return _toSend <= options.MaxDownload || Fail(PerfFailure.DownloadTooLarge);
    }

    private bool Fail(PerfFailure failure)
    {
        Failure ??= failure;
        return false;
    }
}
