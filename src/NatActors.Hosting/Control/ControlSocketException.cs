namespace NatActors.Hosting.Control;

/// <summary>The control socket could not be made, or did not answer; the message says what to do.</summary>
public sealed class ControlSocketException(string message, Exception? inner = null) : IOException(message, inner);
