using Akka.Actor;

namespace Akka.Util;

/// <summary>What stands for a value on a wire. The embedded runtime has no remoting and offers it for source compatibility.</summary>
public interface ISurrogate
{
    /// <summary>The value that this stands for.</summary>
    ISurrogated FromSurrogate(ActorSystem system);
}

/// <summary>A value that a surrogate can stand for.</summary>
public interface ISurrogated
{
    /// <summary>What stands for this value.</summary>
    ISurrogate ToSurrogate(ActorSystem system);
}
