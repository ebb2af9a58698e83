using System.Reflection;

namespace NatActors.Multiformats.Tests.Shared;

/// <summary>Published test vectors: lines <c>name = hex</c>, comments that say where they come from.</summary>
public sealed class VectorFile
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public VectorFile(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The vector file {name} is not embedded.");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            var parts = line.Split(" = ");
            if (!line.StartsWith('#') && parts.Length == 2)
            {
                _values.Add(parts[0], parts[1]);
            }
        }
    }

    public byte[] this[string name] => Convert.FromHexString(_values[name]);

    public byte[]? Find(string name) => _values.TryGetValue(name, out var hex) ? Convert.FromHexString(hex) : null;
}
