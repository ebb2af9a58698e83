namespace NatActors.Benchmarks.Suite;

/// <summary>The conversation of another process with the one that started it: lines over standard input and output.</summary>
internal sealed class RoleTalk(IReadOnlyList<string> arguments, TextReader input, TextWriter output)
{
    /// <summary>What it was started with.</summary>
    public IReadOnlyList<string> Arguments => arguments;

    /// <summary>The next line; null when the process that started this one is done with it, or gone.</summary>
    public async Task<string?> HearAsync() => await input.ReadLineAsync();

    /// <summary>Waits until the process that started this one is done with it, whatever it says.</summary>
    public async Task UntilEndAsync()
    {
        while (await HearAsync() is not null)
        {
            // Only the end counts.
        }
    }

    public async Task TellAsync(string line)
    {
        await output.WriteLineAsync(line);
        await output.FlushAsync();
    }
}
