using System.Globalization;
using System.Net;

namespace NatActors.Protocols.PortMapping;

/// <summary>
/// Openings of a UPnP router's IPv6 firewall (WANIPv6FirewallControl:1): nothing is translated, so the external address is the internal one.
/// </summary>
internal sealed class UpnpPinholes : IUpnpPorts
{
    private readonly Dictionary<PortToMap, Slot> _slots = [];
    private readonly UpnpClient _client;
    private UpnpEndpoint? _service;

    public UpnpPinholes(UpnpClient client) => _client = client;

    /// <inheritdoc />
    public TimeSpan? NextDeadline => _slots.Values.Min(slot => slot.RenewAt);

    /// <inheritdoc />
    public UpnpAction Probe { get; } = new("GetFirewallStatus", []);

    /// <inheritdoc />
    public IReadOnlyList<UpnpService> Choose(DeviceDescription description) => description.FirewallServices;

    /// <inheritdoc />
    public string? Use(UpnpEndpoint service, SoapAnswer answer)
    {
        _service = service;
        return answer switch
        {
            SoapAnswer.Done done when IsFalse(done["FirewallEnabled"]) => "its IPv6 firewall is off: nothing has to be opened",
            SoapAnswer.Done done when IsFalse(done["InboundPinholeAllowed"]) => "its owner forbids openings of the IPv6 firewall",
            SoapAnswer.Done => null,
            _ => "its IPv6 firewall cannot be asked: " + SoapCodec.Describe(answer),
        };
    }

    /// <inheritdoc />
    public void OnDeadline(TimeSpan now)
    {
        foreach (var slot in _slots.Values.Where(slot => slot.RenewAt <= now).ToList())
        {
            Renew(slot, now);
        }
    }

    /// <inheritdoc />
    public void Check(TimeSpan now)
    {
        _client.Ask(_service!, Probe, now, (_, _) => { });
        foreach (var slot in _slots.Values.Where(slot => slot.UniqueId is not null).ToList())
        {
            // An opening cannot be looked up; but its counter can, and that is missing with it.
            var action = new UpnpAction("GetPinholePackets", [("UniqueID", slot.UniqueId!)]);
            _client.Ask(_service!, action, now, (answer, at) =>
            {
                if (IsCurrent(slot) && answer is SoapAnswer.Fault { Code: UpnpFault.NoSuchPinhole })
                {
                    OnVanished(slot, at);
                }
            });
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
        if (_slots.Remove(port, out var slot) && slot.UniqueId is not null)
        {
            Delete(slot, now);
        }
    }

    private void Add(Slot slot, TimeSpan now)
    {
        var action = new UpnpAction("AddPinhole",
        [
            ("RemoteHost", ""), ("RemotePort", "0"),
            ("InternalClient", slot.Port.Internal.ToString()), ("InternalPort", Text(slot.Port.Port)),
            ("Protocol", Text(slot.Port.ProtocolNumber)), ("LeaseTime", Lease),
        ]);
        _client.Ask(_service!, action, now, (answer, at) => OnAdded(slot, answer, at));
    }

    private string Lease => Text((int)_client.Options.UpnpLease.TotalSeconds);

    private void OnAdded(Slot slot, SoapAnswer answer, TimeSpan now)
    {
        switch (answer)
        {
            // A number of 16 bits (section 2.3.3), kept as the text that it came as.
            case SoapAnswer.Done done when ushort.TryParse(done["UniqueID"], out _):
                slot.UniqueId = done["UniqueID"];
                OnHeld(slot, now);
                break;
            case var _ when !IsCurrent(slot): break;
            case SoapAnswer.Done: Refuse(slot, "it confirmed an opening without naming it", _client.Options.RetryAfterRefusal); break;
            case SoapAnswer.Fault { Code: not UpnpFault.PinholeSpaceExhausted }:
                Refuse(slot, SoapCodec.Describe(answer), _client.Options.RetryAfterRefusal);
                break;
            default: Refuse(slot, SoapCodec.Describe(answer), _client.Options.RetryAfterPassing); break;
        }
    }

    private void Renew(Slot slot, TimeSpan now)
    {
        slot.RenewAt = null;
        var action = new UpnpAction("UpdatePinhole", [("UniqueID", slot.UniqueId!), ("NewLeaseTime", Lease)]);
        _client.Ask(_service!, action, now, (answer, at) =>
        {
            if (!IsCurrent(slot))
            {
                return;
            }

            switch (answer)
            {
                case SoapAnswer.Done: OnHeld(slot, at); break;
                case SoapAnswer.Fault { Code: UpnpFault.NoSuchPinhole }: OnVanished(slot, at); break;
                case SoapAnswer.Fault: Refuse(slot, SoapCodec.Describe(answer), _client.Options.RetryAfterPassing); break;

                // No answer: the client counts, and gives the router up after some.
                default: slot.RenewAt = at + _client.Options.MinLease; break;
            }
        });
    }

    private void OnVanished(Slot slot, TimeSpan now)
    {
        slot.UniqueId = null;
        slot.RenewAt = null;
        _client.Tell(new ClientOutput.Lost(slot.Port, "the router has forgotten it"));
        Add(slot, now);
    }

    private void OnHeld(Slot slot, TimeSpan now)
    {
        if (!IsCurrent(slot))
        {
            Delete(slot, now);
            return;
        }

        var lease = _client.Bound(_client.Options.UpnpLease);
        slot.RenewAt = now + (lease / 2);
        _client.SetProblem("");
        _client.Tell(new ClientOutput.Mapped(slot.Port, new IPEndPoint(slot.Port.Internal, slot.Port.Port), lease));
    }

    private void Refuse(Slot slot, string reason, TimeSpan retryIn)
    {
        _slots.Remove(slot.Port);
        _client.SetProblem(reason);
        _client.Tell(new ClientOutput.Refused(slot.Port, reason, retryIn));
    }

    private void Delete(Slot slot, TimeSpan now) =>
        _client.Ask(_service!, new UpnpAction("DeletePinhole", [("UniqueID", slot.UniqueId!)]), now, (_, _) => { });

    private bool IsCurrent(Slot slot) => _slots.TryGetValue(slot.Port, out var current) && current == slot;

    private static bool IsFalse(string value) => value is "0" or "false" or "no";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed class Slot(PortToMap port)
    {
        public PortToMap Port { get; } = port;

        public string? UniqueId { get; set; }

        public TimeSpan? RenewAt { get; set; }
    }
}
