namespace NatActors.Testing.Js;

/// <summary>The js peer refused a command, ended, or did not tell what the test waits for; the message holds what it told so far.</summary>
public sealed class JsPeerException(string message) : Exception(message);
