namespace NatActors.Benchmarks.Suite;

/// <summary>The program as another process: plays the role that it was started in.</summary>
internal static class RolePlayer
{
    /// <summary>A role's process must not outlive the one that started it, whatever the role is busy with.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    public static async Task<int> PlayAsync(IEnumerable<IBenchmark> benchmarks, IReadOnlyList<string> words)
    {
        var role = benchmarks.SelectMany(one => one.Roles).FirstOrDefault(one => one.Name == words.FirstOrDefault());
        if (role is null)
        {
            Console.Error.WriteLine($"bench: there is no role '{words.FirstOrDefault()}'");
            return SuiteProgram.Misused;
        }

        var input = new EndingReader(Console.In);
        var playing = role.Body(new RoleTalk([.. words.Skip(1)], input, Console.Out));
        await Task.WhenAny(playing, input.Ended);
        await playing.WaitAsync(Grace);
        return SuiteProgram.Success;
    }

    /// <summary>Reads lines ahead, so that the end is noticed while nobody listens.</summary>
    private sealed class EndingReader : TextReader
    {
        private readonly System.Threading.Channels.Channel<string> _lines = System.Threading.Channels.Channel.CreateUnbounded<string>();

        public EndingReader(TextReader inner) => Ended = Task.Run(async () =>
        {
            while (await inner.ReadLineAsync() is { } line)
            {
                await _lines.Writer.WriteAsync(line);
            }

            _lines.Writer.Complete();
        });

        public Task Ended { get; }

        public override async Task<string?> ReadLineAsync() =>
            await _lines.Reader.WaitToReadAsync() && _lines.Reader.TryRead(out var line) ? line : null;
    }
}
