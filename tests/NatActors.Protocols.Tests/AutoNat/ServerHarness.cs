using System.Net;
using System.Security.Cryptography;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;
using NatActors.Multiformats.Tests.Shared;

namespace NatActors.Protocols.Tests.AutoNat;

/// <summary>A server at 11.0.0.1 and 2a00::1, and clients of it.</summary>
internal static class ServerHarness
{
    public static readonly TimeSpan Start = TimeSpan.FromHours(1);

    public static RandomSource Dice { get; } = new SeededRandom(7);

    /// <summary>A peer id that costs no key: the hash of a number.</summary>
    public static PeerId Id(int number)
    {
        byte[] bytes = [0x12, SHA256.HashSizeInBytes, .. SHA256.HashData(BitConverter.GetBytes(number))];
        Assert.True(PeerId.TryDecode(bytes, out var id));
        return id;
    }

    public static Multiaddr Address(string text) => Multiaddr.Parse(text);

    public static AutoNatServerPolicy Policy(bool allowPrivate = false, params string[] interfaces)
    {
        var policy = new AutoNatServerPolicy(allowPrivate, a => a.IsTcp && a.Host is not null);
        string[] own = interfaces.Length > 0 ? interfaces : ["127.0.0.1", "10.0.0.5", "2a00::1", "::1"];
        policy.SetOwn(own.Select(IPAddress.Parse), [IPAddress.Parse("11.0.0.1")]);
        return policy;
    }

    public static AutoNatServerRules Rules(AutoNatServerOptions? options = null, AutoNatServerPolicy? policy = null) =>
        new(options ?? new AutoNatServerOptions(), policy ?? Policy(), Dice);

    public static AutoNatClient Client(int peer, string address = "/ip4/12.0.0.1/tcp/40001", bool relayed = false) =>
        new(Id(peer), Address(address), relayed);
}
