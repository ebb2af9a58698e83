using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Protocols.Identify;

namespace NatActors.Node.Identify;

/// <summary>What identify knows of the peer of one connection, and what that peer knows of this node.</summary>
internal sealed class KnownPeer(ConnectionInfo connection, long toldVersion, TokenBucket pushes)
{
    /// <summary>How often one change is pushed to a peer that does not take it. Ours: a stream refused once may do in a later round.</summary>
    private const int MaxTries = 3;

    private TokenBucket _pushes = pushes;
    private int _failures;

    /// <summary>The connection.</summary>
    public ConnectionInfo Connection { get; } = connection;

    /// <summary>What the peer said last, or null before its first answer.</summary>
    public IdentifyInfo? Info { get; set; }

    /// <summary>The version of our description that the peer has, or had a chance to ask for.</summary>
    public long ToldVersion { get; set; } = toldVersion;

    /// <summary>The version that the push under way carries.</summary>
    public long PushedVersion { get; set; }

    /// <summary>True while a push to it waits or runs.</summary>
    public bool Queued { get; set; }

    /// <summary>True when a push of the peer may be read; that counts then. Its network has a limit besides, where it has one.</summary>
    public bool MayPush(TimeSpan now) => _pushes.TryTake(now);

    /// <summary>The push has ended; true when it is to be tried once more, in a later round.</summary>
    public bool OnPushed(bool succeeded)
    {
        _failures = succeeded ? 0 : _failures + 1;
        if (_failures is > 0 and < MaxTries)
        {
            return true;
        }

        // Arrived, or given up until something changes again.
        _failures = 0;
        ToldVersion = Math.Max(ToldVersion, PushedVersion);
        return false;
    }
}
