namespace NatActors.Multiformats;

/// <summary>What is wrong with a key file.</summary>
public enum KeyFileProblem
{
    /// <summary>It cannot be read, or not be made there.</summary>
    NotAccessible,

    /// <summary>It holds no libp2p private key.</summary>
    NotAKey,
}

/// <summary>A key file that cannot be used; the message is one line for a person and says what to do.</summary>
public sealed class KeyFileException : Exception
{
    /// <summary>Makes one.</summary>
    public KeyFileException(KeyFileProblem problem, string message, Exception? inner = null)
        : base(message, inner)
    {
        Problem = problem;
    }

    /// <summary>What is wrong.</summary>
    public KeyFileProblem Problem { get; }
}
