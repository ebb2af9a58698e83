using System.Net;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;

namespace NatActors.Fuzz.Entries.Protocols.AutoNat;

/// <summary>Who was contacted: a host that was is never taken for a stranger, however many there are.</summary>
public sealed class ContactedHostsEntry : MachineEntry
{
    private const int Crowd = 1500;

    /// <inheritdoc />
    public override string Name => "protocols.autonat.contacted";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = ["contact", "accepted", "ask", "crowd"];

    // A crowd is a thousand hosts by one event of three bytes; the filter, once made, has 128 KiB.
    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 250 * 1024, AllocatedConstant: 1024 * 1024, StepsPerByte: 100_000, StepsConstant: 100_000);

    /// <inheritdoc />
    public override int Cost => 500;

    /// <inheritdoc />
    public override int MaxLength => 120;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 0, 0).On(1, 1, 0).On(1, 0, 0).On(2, 1).ToArray(),
        new EventScript().On(3, 1).On(3, 2).On(3, 3).On(0, 0, 0).On(2, 0).On(1, 2, 2).ToArray(),
        new EventScript().On(1, 22, 0).On(1, 0, 0).On(1, 21, 0).On(1, 20, 0).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new ContactedRun(new ContactedHosts(random.NextUInt64()));

    private sealed class ContactedRun(ContactedHosts hosts) : IMachineRun
    {
        private readonly HashSet<string> _contacted = [];
        private readonly HashSet<int> _crowds = [];
        private long _arrivals;

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            if (kind == 3)
            {
                // Few crowds, so that the run stays short; each is as many hosts as an attacker with a network has.
                var crowd = arguments.Below(4);
                for (var i = 0; _crowds.Add(crowd * Crowd + i) && i < Crowd; i++)
                {
                    hosts.OnContact(new IPEndPoint(new IPAddress([17, (byte)crowd, (byte)(i >> 8), (byte)i]), 1));
                }

                return;
            }

            var remote = Samples.EndPoint(ref arguments);
            var known = _contacted.Contains(Key(remote.Address));
            switch (kind)
            {
                case 0:
                    hosts.OnContact(remote);
                    Require.That(hosts.WasDialed(remote), "an end point that was just dialed is not known");
                    _contacted.Add(Key(remote.Address));
                    break;
                case 1:
                    var stranger = hosts.OnAccepted(remote);
                    Require.That(!(stranger && known), "a host that was contacted is taken for a stranger");
                    Require.That(hosts.CameAsStranger(remote) == stranger, "how a connection came is forgotten at once");
                    Require.That(
                        hosts.Arrivals == ++_arrivals && hosts.AcceptedSince(remote.Address, _arrivals - 1),
                        "an arrival is not counted");
                    _contacted.Add(Key(remote.Address));
                    digest.Add(stranger);
                    break;
            }

            Require.That(
                hosts.WasContacted(remote.Address) || !_contacted.Contains(Key(remote.Address)),
                "a host that was contacted is forgotten");
        }

        public void End(TimeSpan now, ref FuzzDigest digest) => digest.Add(hosts.Arrivals);

        /// <summary>An IPv4 address in an IPv6 one is itself, and a zone is this machine's word.</summary>
        private static string Key(IPAddress host) =>
            Convert.ToHexString((host.IsIPv4MappedToIPv6 ? host.MapToIPv4() : host).GetAddressBytes());
    }
}
