namespace NatActors.Lab;

/// <summary>The laboratory could not do what was asked of it; the message says which command failed and what the tool said.</summary>
public sealed class LabException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What failed, for a person.</param>
    public LabException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception from another.</summary>
    /// <param name="message">What failed, for a person.</param>
    /// <param name="inner">Its cause.</param>
    public LabException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
