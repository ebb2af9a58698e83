namespace Akka;

/// <summary>The result of something that has no other result than to be done.</summary>
public sealed class Done
{
    /// <summary>The one instance.</summary>
    public static readonly Done Instance = new();

    private Done()
    {
    }
}
