using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Streams;
using NatActors.Protocols.AutoNat;

namespace NatActors.Scenarios.Tests.Support;

/// <summary>An AutoNAT v2 server that answers as a test tells it to, and never dials anybody.</summary>
public static class ScriptedServer
{
    /// <summary>What it does with a question.</summary>
    public enum Answer
    {
        /// <summary>Resets the stream.</summary>
        Drop,

        /// <summary>E_DIAL_REFUSED.</summary>
        Refuse,

        /// <summary>Says that it dialed and came through; it did not.</summary>
        ClaimReached,

        /// <summary>Says that it dialed and did not come through; it did not dial.</summary>
        ClaimUnreachable,
    }

    /// <summary>Serves the protocol on a node that runs no AutoNAT server of its own.</summary>
    public static IDisposable Serve(INatNode node, Func<Answer> next) =>
        node.Handle(AutoNatProtocol.V2DialRequest, (stream, ended) => AnswerAsync(stream, next(), ended));

    private static async Task AnswerAsync(PeerStream stream, Answer answer, CancellationToken ended)
    {
        if (answer == Answer.Drop)
        {
            stream.Reset();
            return;
        }

        var buffer = new byte[8192];
        if (await stream.ReadAsync(buffer, ended) == 0)
        {
            return;
        }

        var response = answer switch
        {
            Answer.Refuse => new AutoNatV2Message.DialResponse(AutoNatV2Status.DialRefused, 0, AutoNatV2DialStatus.Unused),
            Answer.ClaimReached => new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 0, AutoNatV2DialStatus.Ok),
            _ => new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 0, AutoNatV2DialStatus.DialError),
        };
        var body = AutoNatV2Codec.Encode(response);
        await stream.WriteAsync((byte[])[(byte)body.Length, .. body], ended);
    }
}
