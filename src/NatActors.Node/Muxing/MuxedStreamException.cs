using NatActors.Protocols.Resources;
using NatActors.Transports.Muxing;

namespace NatActors.Node.Muxing;

/// <summary>A stream of a muxed link was cut: by a reset of either side, or with its link.</summary>
public sealed class MuxedStreamException : IOException
{
    /// <summary>Says how the stream ended.</summary>
    /// <param name="end">How.</param>
    /// <param name="refusal">The resource that there was no more of, if that is why this side reset it.</param>
    public MuxedStreamException(StreamEnd end, ResourceRefusal? refusal = null)
        : base(refusal is null ? Describe(end) : $"The stream was reset on this side: {refusal.Describe()}.")
    {
        End = end;
        Refusal = refusal;
    }

    /// <summary>The resource that there was no more of, if that is why this side reset it; else null.</summary>
    public ResourceRefusal? Refusal { get; }

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
