using Akka.Actor;

namespace Akka.Configuration;

/// <summary>Something is named that the configuration does not know.</summary>
public class ConfigurationException : AkkaException
{
    public ConfigurationException(string message)
        : base(message)
    {
    }

    public ConfigurationException(string message, Exception? exception)
        : base(message, exception)
    {
    }
}
