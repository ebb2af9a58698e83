namespace NatActors.Wire.Muxing;

/// <summary>Tells a session whether this is the time to promise memory: a receive window is a promise to hold that much.</summary>
public interface IReceivePromises
{
    /// <summary>
    /// True while memory is short: windows do not grow, and are refilled to <see cref="YamuxOptions.InitialWindow"/> only. Read under the
    /// session's lock, for each window update; has to be quick.
    /// </summary>
    bool AreToStaySmall { get; }
}
