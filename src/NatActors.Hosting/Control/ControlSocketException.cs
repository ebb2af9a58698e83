namespace NatActors.Hosting.Control;

/// <summary>The control socket could not be made; the message says what to do.</summary>
public sealed class ControlSocketException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>No node answers at a control socket, or none is there to be asked; the message says what to do.</summary>
public sealed class NoNodeException(string message, Exception? inner = null) : IOException(message, inner);
