namespace NatActors.Fuzz.Engine;

/// <summary>Makes a failing input smaller while it fails for the same reason.</summary>
public sealed class Shrinker(Func<byte[], string?> failureKey)
{
    private const int MaxRuns = 3000;

    private int _runs;

    /// <summary>The smallest input found; the input itself when nothing smaller fails the same way.</summary>
    public byte[] Shrink(byte[] input)
    {
        if (failureKey(input) is not { } key)
        {
            return input;
        }

        var best = input;
        bool Try(byte[] candidate)
        {
            if (_runs++ >= MaxRuns || failureKey(candidate) != key)
            {
                return false;
            }

            best = candidate;
            return true;
        }

        for (var before = -1; before != best.Length && _runs < MaxRuns;)
        {
            before = best.Length;
            RemovePieces(() => best, Try);
        }

        Simplify(() => best, Try);
        return best;
    }

    private static void RemovePieces(Func<byte[]> best, Func<byte[], bool> tryIt)
    {
        for (var size = Math.Max(1, best().Length / 2); size > 0; size /= 2)
        {
            for (var at = 0; at + size <= best().Length;)
            {
                byte[] candidate = [.. best().AsSpan(0, at), .. best().AsSpan(at + size)];
                at += tryIt(candidate) ? 0 : size;
            }
        }
    }

    private static void Simplify(Func<byte[]> best, Func<byte[], bool> tryIt)
    {
        for (var at = 0; at < best().Length; at++)
        {
            if (best()[at] != 0)
            {
                var candidate = (byte[])best().Clone();
                candidate[at] = 0;
                tryIt(candidate);
            }
        }
    }
}
