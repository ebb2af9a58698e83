using System.Threading.Channels;
using NatActors.Build;

namespace NatActors.Architecture.Tests.Build;

public sealed class ProgressTailTests : IDisposable
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("natactors-progress-").FullName;

    [Fact]
    public async Task Whole_lines_are_shown_while_the_file_grows_and_the_rest_in_the_end()
    {
        var file = Path.Combine(_folder, "lines");
        var output = new Shown();
        var tail = new ProgressTail(file, output);
        await File.AppendAllTextAsync(file, "one\ntwo\nthr");
        Assert.Equal("one\ntwo\n", await output.NextAsync().WaitAsync(Guard));
        await File.AppendAllTextAsync(file, "ee\nfour");
        Assert.Equal("three\n", await output.NextAsync().WaitAsync(Guard));
        await tail.DisposeAsync();
        Assert.Equal("four\n", await output.NextAsync().WaitAsync(Guard));
    }

    [Fact]
    public async Task A_file_that_nobody_made_shows_nothing()
    {
        var output = new StringWriter();
        await new ProgressTail(Path.Combine(_folder, "none"), output).DisposeAsync();
        Assert.Equal("", output.ToString());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private sealed class Shown : StringWriter
    {
        private readonly Channel<string> _written = Channel.CreateUnbounded<string>();

        public Task<string> NextAsync() => _written.Reader.ReadAsync().AsTask();

        public override Task WriteAsync(string? value)
        {
            _written.Writer.TryWrite(value ?? "");
            return Task.CompletedTask;
        }
    }
}
