using System.Text;
using Microsoft.Extensions.Configuration;
using NatActors.Fuzz.Engine;
using NatActors.Hosting;

namespace NatActors.Fuzz.Entries.Hosting;

/// <summary>A configuration of lines <c>key=value</c>, read into the options: every mistake is a line, none is an exception.</summary>
public sealed class ConfigurationEntry : FuzzEntry
{
    /// <inheritdoc />
    public override string Name => "hosting.configuration";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Text;

    // Each mistake names the options that there are.
    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 8192, AllocatedConstant: 256 * 1024, StepsPerByte: 2048, StepsConstant: 64 * 1024);

    /// <inheritdoc />
    public override int Cost => 200;

    /// <inheritdoc />
    public override int MaxLength => 400;

    /// <inheritdoc />
    public override IReadOnlyList<byte[]> Words { get; } =
        [.. typeof(NatActorsOptions).GetProperties().Select(p => Encoding.UTF8.GetBytes(p.Name)),
            .. new[] { ":", "=", "\n", "00:00:01", "true", "99999999999", ":0=" }.Select(Encoding.UTF8.GetBytes)];

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        .. new[] { "Listen:0=/ip4/0.0.0.0/tcp/4001\nBootstrap=\nAgent=x", "Nothing=1\nListen=2\nReachability:Unknown=3",
            "=\n:=:\nListen:x=1" }.Select(Encoding.UTF8.GetBytes),
        .. typeof(NatActorsOptions).GetProperties().Select(p => Encoding.UTF8.GetBytes($"{p.Name}=7\n{p.Name}:0=8")),
    ];

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in Encoding.UTF8.GetString(input).Split('\n'))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            values[equals < 0 ? line : line[..equals]] = equals < 0 ? null : line[(equals + 1)..];
        }

        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        var mistakes = ConfigurationReader.Read(configuration, new NatActorsOptions());
        Require.That(mistakes.All(m => m.Length > 0), "a mistake without words");
        var digest = default(FuzzDigest);
        foreach (var mistake in mistakes)
        {
            digest.Add(mistake);
        }

        return new FuzzOutcome(mistakes.Count == 0, digest.Value);
    }
}
