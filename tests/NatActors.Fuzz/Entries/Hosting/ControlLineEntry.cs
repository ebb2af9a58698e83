using System.Text;
using NatActors.Fuzz.Engine;
using NatActors.Hosting.Control;

namespace NatActors.Fuzz.Entries.Hosting;

/// <summary>Lines of the control socket: a client's question, and a node's answer.</summary>
public sealed class ControlLineEntry : FuzzEntry
{
    /// <inheritdoc />
    public override string Name => "hosting.control.line";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Text;

    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 128, AllocatedConstant: 64 * 1024, StepsPerByte: 64, StepsConstant: 8 * 1024);

    // A refused line costs an exception of the serializer.
    /// <inheritdoc />
    public override int Cost => 100;

    /// <inheritdoc />
    public override IReadOnlyList<byte[]> Words { get; } =
        [.. new[] { "\"ask\"", "\"report\"", "\"\\ud800\"", "{\"report\":{", "\"peer_id\":", "null", "1e999", "[[[[[[[[[[",
            "\"error\":\"x\"" }.Select(Encoding.UTF8.GetBytes)];

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        ControlProtocol.Line(new ControlRequest("report"))[..^1],
        ControlProtocol.Line(new ControlReply { Error = "why" })[..^1],
        ControlProtocol.Line(new ControlReply { Report = new() { PeerId = "12D3", Agent = "x" } })[..^1],
    ];

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var digest = default(FuzzDigest);
        var request = ControlProtocol.Parse<ControlRequest>(input);
        var reply = ControlProtocol.Parse<ControlReply>(input);
        digest.Add(request?.Ask);
        digest.Add(reply?.Error);
        digest.Add(reply?.Report?.PeerId);
        if (reply is not null)
        {
            var line = ControlProtocol.Line(reply);
            Require.That(line.AsSpan().IndexOf((byte)'\n') == line.Length - 1, "an answer has more than one line");
            Require.That(
                ControlProtocol.Parse<ControlReply>(line.AsSpan(0, line.Length - 1)) is not null,
                "an answer is written otherwise than it is read");
        }

        return new FuzzOutcome(request is not null || reply is not null, digest.Value);
    }
}
