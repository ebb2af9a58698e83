namespace NatActors.Node.Streams;

/// <summary>What a relay allows on one circuit (circuit relay v2, message <c>Limit</c>).</summary>
/// <param name="Duration">How long the circuit may last; null for no limit.</param>
/// <param name="BytesPerDirection">How many bytes may pass in each direction; null for no limit.</param>
public sealed record StreamLimits(TimeSpan? Duration, long? BytesPerDirection);
