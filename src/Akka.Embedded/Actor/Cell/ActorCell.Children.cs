namespace Akka.Actor;

/// <content>Children. The table is locked: guardians get children from any thread, and selections look names up from any thread.</content>
internal sealed partial class ActorCell
{
    private ChildTable? _children;

    public IActorRef ActorOf(Props props, string? name = null)
    {
        if (name is not null && !ActorPath.IsValidPathElement(name))
        {
            throw new InvalidActorNameException(name.Length == 0
                ? "Actor name must not be empty."
                : $"Illegal actor name [{name}]. Actor paths MUST: not start with `$`, include only ASCII letters and can only contain these special characters: ${ActorPath.ValidSymbols}.");
        }

        return Attach(props, name);
    }

    public IActorRef Child(string name)
    {
        var hash = name.IndexOf('#', StringComparison.Ordinal);
        var plain = hash < 0 ? name : name[..hash];
        var child = _children?.Find(plain);
        return child is null || (hash >= 0 && child.Path.Uid.ToString() != name[(hash + 1)..]) ? ActorRefs.Nobody : child;
    }

    public IEnumerable<IActorRef> GetChildren() => ChildRefs();

    public LocalRef[] ChildRefs() => _children?.All() ?? [];

    public void Stop(IActorRef child)
    {
        var target = InternalRef.Of(child);
        if (target is LocalRef local && IsChild(local))
        {
            _children!.MarkDying(local);
        }

        target?.Stop();
    }

    /// <summary>Counts a restart of a child and says whether the limit allows it.</summary>
    public bool MayRestart(LocalRef child, int limit, TimeSpan window) =>
        _children!.RestartsOf(child).MayRestart(limit, window, _system.Clock);

    /// <summary>Makes the table in advance, for cells that get children from other threads.</summary>
    internal void PrepareChildren() => _children ??= new ChildTable();

    private IActorRef Attach(Props props, string? name)
    {
        ArgumentNullException.ThrowIfNull(props);
        if (IsTerminating)
        {
            throw new InvalidOperationException($"Cannot create child while terminating or terminated: {_self.Path}");
        }

        var children = _children ??= new ChildTable();
        var child = children.Add(this, name);
        var cell = new ActorCell(_system, child, props, _self);
        cell.Start();
        return child;
    }

    private bool IsChild(LocalRef child) => ReferenceEquals(child.Cell._parent, _self) && _children?.Contains(child) == true;

    private void SuspendChildren(LocalRef? except)
    {
        foreach (var child in ChildRefs())
        {
            if (!ReferenceEquals(child, except))
            {
                child.Suspend();
            }
        }
    }

    private SupervisorStrategy StrategyOf(ActorBase actor)
    {
        var children = _children!;
        return children.Strategy ??= _props.SupervisorStrategy ?? actor.StatedStrategy();
    }

    private void ForgetStrategy()
    {
        if (_children is { } children)
        {
            children.Strategy = null;
        }
    }

    private bool SetReason(Exception? cause)
    {
        if (_children is not { } children)
        {
            return false;
        }

        children.RestartCause = cause;
        return children.AnyDying(closing: _lifecycle == Lifecycle.Terminating);
    }

    private void CloseChildren() => _children?.AnyDying(closing: true);

    private void ChildTerminated(LocalRef child)
    {
        var children = _children!;
        if (children.Remove(child) && _lifecycle != Lifecycle.Normal)
        {
            Proceed(children.RestartCause);
        }
    }
}

/// <summary>The children of one actor, those that are ending among them: a name is free again when its actor has ended.</summary>
internal sealed class ChildTable
{
    private readonly Dictionary<string, LocalRef> _byName = new(StringComparer.Ordinal);
    private HashSet<LocalRef>? _dying;
    private Dictionary<LocalRef, RestartCount>? _restarts;
    private long _nextName;
    private bool _closed;

    /// <summary>The parent's strategy, asked for once per instance.</summary>
    public SupervisorStrategy? Strategy { get; set; }

    /// <summary>Why the parent is to be restarted once the dying children have ended.</summary>
    public Exception? RestartCause { get; set; }

    public LocalRef Add(ActorCell parent, string? name)
    {
        lock (_byName)
        {
            if (_closed)
            {
                throw new InvalidOperationException($"Cannot create child while terminating or terminated: {parent.SelfRef.Path}");
            }

            name ??= NextName();
            var child = new LocalRef(new ChildActorPath(parent.SelfRef.Path, name, parent.SystemImpl.NextUid()));
            if (!_byName.TryAdd(name, child))
            {
                throw new InvalidActorNameException($"Actor name \"{name}\" is not unique!");
            }

            return child;
        }
    }

    public LocalRef? Find(string name)
    {
        lock (_byName)
        {
            return _byName.GetValueOrDefault(name) is { Cell: not null } child ? child : null;
        }
    }

    public bool Contains(LocalRef child) => ReferenceEquals(Find(child.Path.Name), child);

    public LocalRef[] All()
    {
        lock (_byName)
        {
            return _byName.Count == 0 ? [] : [.. _byName.Values.Where(child => child.Cell is not null)];
        }
    }

    public void MarkDying(LocalRef child)
    {
        lock (_byName)
        {
            (_dying ??= []).Add(child);
        }
    }

    /// <summary>Whether children are ending; no more can be added once closed.</summary>
    public bool AnyDying(bool closing)
    {
        lock (_byName)
        {
            _closed |= closing;
            return closing ? _byName.Count > 0 : _dying is { Count: > 0 };
        }
    }

    /// <summary>True when this was the last of those that were ending.</summary>
    public bool Remove(LocalRef child)
    {
        lock (_byName)
        {
            _byName.Remove(child.Path.Name);
            _restarts?.Remove(child);
            _dying?.Remove(child);
            return _closed ? _byName.Count == 0 : _dying is null or { Count: 0 };
        }
    }

    public RestartCount RestartsOf(LocalRef child)
    {
        lock (_byName)
        {
            _restarts ??= [];
            if (!_restarts.TryGetValue(child, out var count))
            {
                _restarts[child] = count = new RestartCount();
            }

            return count;
        }
    }

    // "$a", "$b", … as Akka names them: base 64, least significant digit first.
    private string NextName()
    {
        const string Digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+~";
        Span<char> name = stackalloc char[12];
        var length = 0;
        name[length++] = '$';
        var rest = _nextName++;
        do
        {
            name[length++] = Digits[(int)(rest & 63)];
            rest >>= 6;
        }
        while (rest > 0);
        return new string(name[..length]);
    }
}

/// <summary>Restarts of one child, against the limit of its parent's strategy.</summary>
internal sealed class RestartCount
{
    private int _count;
    private long _windowStart;
    private bool _open;

    public bool MayRestart(int limit, TimeSpan window, TimeProvider clock)
    {
        if (limit == 0)
        {
            return false;
        }

        if (window <= TimeSpan.Zero)
        {
            return limit < 0 || ++_count <= limit;
        }

        if (!_open || clock.GetElapsedTime(_windowStart) > window)
        {
            _open = true;
            _windowStart = clock.GetTimestamp();
            _count = 1;
            return true;
        }

        return ++_count <= (limit < 0 ? 1 : limit);
    }
}
