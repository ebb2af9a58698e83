using NatActors.Transports.Muxing;

namespace NatActors.Node.Muxing;

/// <summary>A stream of a muxed link was cut: by a reset of either side, or with its link.</summary>
public sealed class MuxedStreamException : IOException
{
    /// <summary>Says how the stream ended.</summary>
    public MuxedStreamException(StreamEnd end)
        : base(Describe(end)) => End = end;

    /// <summary>How the stream ended.</summary>
    public StreamEnd End { get; }

    private static string Describe(StreamEnd end) => end switch
    {
        StreamEnd.ResetByPeer => "The peer reset the stream.",
        StreamEnd.ResetLocally => "The stream was reset on this side.",
        StreamEnd.LinkLost => "The connection under the stream is gone.",
        _ => "The stream has ended.",
    };
}
