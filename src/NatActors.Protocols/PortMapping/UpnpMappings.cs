using System.Globalization;
using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Addresses;

namespace NatActors.Protocols.PortMapping;

/// <summary>
/// IPv4 mappings of a UPnP router (WANIPConnection:1 and :2, WANPPPConnection:1): asked for, looked up to see whether they are there,
/// renewed at half their lease, looked up again at every check.
/// </summary>
internal sealed class UpnpMappings : IUpnpPorts
{
    private readonly Dictionary<PortToMap, Slot> _slots = [];
    private readonly UpnpClient _client;
    private readonly RandomSource _random;
    private UpnpEndpoint? _service;
    private IPAddress? _external;

    public UpnpMappings(UpnpClient client, RandomSource random)
    {
        _client = client;
        _random = random;
    }

    /// <inheritdoc />
    public TimeSpan? NextDeadline => _slots.Values.Min(slot => slot.RenewAt);

    /// <inheritdoc />
    public UpnpAction Probe { get; } = new("GetExternalIPAddress", []);

    /// <inheritdoc />
    public IReadOnlyList<UpnpService> Choose(DeviceDescription description) => description.ConnectionServices;

    /// <inheritdoc />
    public string? Use(UpnpEndpoint service, SoapAnswer answer)
    {
        if (answer is not SoapAnswer.Done done)
        {
            return "its external address cannot be had: " + SoapCodec.Describe(answer);
        }

        _service = service;
        OnExternal(done);
        return _external is null ? GatewayText.NoExternal : null;
    }

    /// <inheritdoc />
    public void OnDeadline(TimeSpan now)
    {
        foreach (var slot in _slots.Values.Where(slot => slot.RenewAt <= now).ToList())
        {
            slot.RenewAt = null;
            Add(slot, now);
        }
    }

    /// <inheritdoc />
    public void Check(TimeSpan now)
    {
        _client.Ask(_service!, Probe, now, (answer, at) =>
        {
            if (answer is SoapAnswer.Done done)
            {
                OnExternal(done);
                OnExternalKnown(at);
            }
        });
        foreach (var slot in _slots.Values.Where(slot => slot.IsHeld).ToList())
        {
            Verify(slot, isNew: false, now);
        }
    }

    /// <inheritdoc />
    public void Want(PortToMap port, TimeSpan now)
    {
        if (_slots.TryAdd(port, new Slot(port)))
        {
            Add(_slots[port], now);
        }
    }

    /// <inheritdoc />
    public void Release(PortToMap port, TimeSpan now)
    {
        if (_slots.Remove(port, out var slot))
        {
            Delete(slot, now, (_, _) => { });
        }
    }

    private void OnExternal(SoapAnswer.Done done)
    {
        _external = IPAddress.TryParse(done["NewExternalIPAddress"], out var told) && !told.Equals(IPAddress.Any) && told.GetAddressBytes().Length == 4
            ? told
            : null;
        _client.SetExternal(_external);
    }

    /// <summary>Another external address: the mappings lead from there now.</summary>
    private void OnExternalKnown(TimeSpan now)
    {
        foreach (var slot in _slots.Values.Where(slot => slot.IsHeld).ToList())
        {
            if (_external is null)
            {
                slot.Told = null;
                Refuse(slot, "the router has no external address any more", _client.Options.RetryAfterPassing);
            }
            else if (!_external.Equals(slot.Told?.Address))
            {
                Tell(slot, slot.Lease);
            }
        }
    }

    private void Add(Slot slot, TimeSpan now)
    {
        var lease = slot.IsPermanent ? TimeSpan.Zero : _client.Options.UpnpLease;
        _client.Ask(_service!, AddAction("AddPortMapping", slot, lease), now, (answer, at) => OnAdded(slot, answer, at));
    }

    private UpnpAction AddAction(string name, Slot slot, TimeSpan lease) => new(name,
    [
        .. Key(slot),
        ("NewInternalPort", Text(slot.Port.Port)),
        ("NewInternalClient", slot.Port.Internal.ToString()),
        ("NewEnabled", "1"),
        ("NewPortMappingDescription", _client.Options.Description),
        ("NewLeaseDuration", Text((int)lease.TotalSeconds)),
    ]);

    private void OnAdded(Slot slot, SoapAnswer answer, TimeSpan now)
    {
        if (!IsCurrent(slot))
        {
            // Given back while the request ran: it may have come through.
            if (answer is SoapAnswer.Done)
            {
                Delete(slot, now, (_, _) => { });
            }

            return;
        }

        switch (answer)
        {
            case SoapAnswer.Done: Verify(slot, isNew: true, now); break;
            case SoapAnswer.Fault { Code: UpnpFault.ConflictInMappingEntry or UpnpFault.ConflictWithOtherMechanisms }: OnConflict(slot, now); break;
            case SoapAnswer.Fault { Code: UpnpFault.OnlyPermanentLeases or UpnpFault.InvalidArgs or UpnpFault.ActionFailed } when !slot.IsPermanent:
                // 725 says it; others of the kind say only that it did not work (go-libp2p asks again without a lease too).
                slot.IsPermanent = true;
                Add(slot, now);
                break;

            // A renewal without an answer: the mapping stands until its lease ends, and the client counts.
            case SoapAnswer.Unreadable when slot.IsHeld: slot.RenewAt = now + _client.Options.MinLease; break;
            case SoapAnswer.Unreadable: Refuse(slot, SoapCodec.Describe(answer), _client.Options.RetryAfterPassing); break;
            default: Refuse(slot, SoapCodec.Describe(answer), _client.Options.RetryAfterRefusal); break;
        }
    }

    /// <summary>The port is taken: by an earlier life of this node, which the router will not overwrite, or by another machine.</summary>
    private void OnConflict(Slot slot, TimeSpan now)
    {
        _client.Ask(_service!, new UpnpAction("GetSpecificPortMappingEntry", Key(slot)), now, (answer, at) =>
        {
            if (!IsCurrent(slot))
            {
                return;
            }

            if (answer is SoapAnswer.Done done && IsOurs(slot, done) && !slot.HasReplaced)
            {
                slot.HasReplaced = true;
                Delete(slot, at, (_, then) => Add(slot, then));
            }
            else
            {
                TryAnotherPort(slot, at);
            }
        });
    }

    private void TryAnotherPort(Slot slot, TimeSpan now)
    {
        if (slot.Conflicts++ >= _client.Options.ConflictTries)
        {
            Refuse(slot, "the external ports that were tried are taken", _client.Options.RetryAfterRefusal);
            return;
        }

        slot.ExternalPort = FirstFreePort + _random.NextInt(65_536 - FirstFreePort);
        if (!_service!.FindsFreePort)
        {
            Add(slot, now);
            return;
        }

        var lease = slot.IsPermanent ? TimeSpan.Zero : _client.Options.UpnpLease;
        _client.Ask(_service, AddAction("AddAnyPortMapping", slot, lease), now, (answer, at) =>
        {
            if (answer is SoapAnswer.Done done && int.TryParse(done["NewReservedPort"], out var port) && port is > 0 and <= 65_535)
            {
                slot.ExternalPort = port;
            }

            OnAdded(slot, answer, at);
        });
    }

    /// <summary>Some routers confirm what they do not do: the mapping is looked up.</summary>
    private void Verify(Slot slot, bool isNew, TimeSpan now)
    {
        _client.Ask(_service!, new UpnpAction("GetSpecificPortMappingEntry", Key(slot)), now, (answer, at) =>
        {
            if (!IsCurrent(slot))
            {
                return;
            }

            switch (answer)
            {
                case SoapAnswer.Done done when IsOurs(slot, done): OnVerified(slot, done, isNew, at); break;
                case SoapAnswer.Done or SoapAnswer.Fault { Code: UpnpFault.NoSuchEntry } when isNew:
                    Refuse(slot, "it confirmed a mapping that its own list does not have", _client.Options.RetryAfterRefusal);
                    break;
                case SoapAnswer.Done or SoapAnswer.Fault { Code: UpnpFault.NoSuchEntry }: OnVanished(slot, at); break;

                // It cannot be asked, or does not answer for once: take its word, AutoNAT will tell.
                case SoapAnswer.Fault or SoapAnswer.Unreadable when isNew: Hold(slot, _client.Options.UpnpLease, at); break;
            }
        });
    }

    private void OnVerified(Slot slot, SoapAnswer.Done done, bool isNew, TimeSpan now)
    {
        if (isNew)
        {
            var hasLease = int.TryParse(done["NewLeaseDuration"], out var seconds) && seconds > 0 && !slot.IsPermanent;
            Hold(slot, hasLease ? TimeSpan.FromSeconds(seconds) : _client.Options.UpnpLease, now);
        }
    }

    private void OnVanished(Slot slot, TimeSpan now)
    {
        slot.RenewAt = null;
        slot.IsHeld = false;
        slot.Told = null;
        _client.Tell(new ClientOutput.Lost(slot.Port, "the router has forgotten it"));
        Add(slot, now);
    }

    private void Hold(Slot slot, TimeSpan lease, TimeSpan now)
    {
        slot.Lease = _client.Bound(lease);
        slot.IsHeld = true;
        slot.Conflicts = 0;
        slot.RenewAt = now + (slot.Lease / 2);
        _client.SetProblem("");
        Tell(slot, slot.Lease);
    }

    private void Tell(Slot slot, TimeSpan lease)
    {
        if (_external is not null)
        {
            slot.Told = new IPEndPoint(_external, slot.ExternalPort);
            _client.Tell(new ClientOutput.Mapped(slot.Port, slot.Told, lease));
        }
    }

    private void Refuse(Slot slot, string reason, TimeSpan retryIn)
    {
        _slots.Remove(slot.Port);
        _client.SetProblem(reason);
        _client.Tell(new ClientOutput.Refused(slot.Port, reason, retryIn));
    }

    private void Delete(Slot slot, TimeSpan now, Action<SoapAnswer, TimeSpan> onAnswer) =>
        _client.Ask(_service!, new UpnpAction("DeletePortMapping", Key(slot)), now, onAnswer);

    private bool IsCurrent(Slot slot) => _slots.TryGetValue(slot.Port, out var current) && current == slot;

    private static bool IsOurs(Slot slot, SoapAnswer.Done entry) =>
        entry["NewInternalClient"] == slot.Port.Internal.ToString()
        && entry["NewInternalPort"] == Text(slot.Port.Port)
        && entry["NewEnabled"] is not ("0" or "false" or "no");

    private static (string, string)[] Key(Slot slot) =>
    [
        ("NewRemoteHost", ""), ("NewExternalPort", Text(slot.ExternalPort)), ("NewProtocol", slot.Port.ProtocolName),
    ];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Below are ports of well-known services, which routers keep to themselves.</summary>
    private const int FirstFreePort = 1024;

    private sealed class Slot(PortToMap port)
    {
        public PortToMap Port { get; } = port;

        public int ExternalPort { get; set; } = port.Port;

        public bool IsPermanent { get; set; }

        public bool HasReplaced { get; set; }

        public bool IsHeld { get; set; }

        public int Conflicts { get; set; }

        public TimeSpan Lease { get; set; }

        public TimeSpan? RenewAt { get; set; }

        public IPEndPoint? Told { get; set; }
    }
}
