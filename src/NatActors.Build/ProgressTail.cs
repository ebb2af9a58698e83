using System.Text;

namespace NatActors.Build;

/// <summary>Shows what is appended to a file, line by line, while a test runs; what is left of it when the test has ended, too.</summary>
internal sealed class ProgressTail : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly string _file;
    private readonly TextWriter _output;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _following;
    private readonly StringBuilder _unfinished = new();
    private long _shown;

    public ProgressTail(string file, TextWriter output)
    {
        _file = file;
        _output = output;
        _following = FollowAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _following;
        _over.Dispose();
    }

    private async Task FollowAsync()
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(_over.Token))
            {
                await ShowAsync();
            }
        }
        catch (OperationCanceledException)
        {
            await ShowAsync();
            await WriteAsync(_unfinished.Length > 0 ? _unfinished.Append('\n').ToString() : "");
        }
    }

    private async Task ShowAsync()
    {
        if (!File.Exists(_file))
        {
            return;
        }

        await using var stream = new FileStream(_file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Seek(_shown, SeekOrigin.Begin);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        _unfinished.Append(await reader.ReadToEndAsync());
        _shown = stream.Position;
        var text = _unfinished.ToString();
        var end = text.LastIndexOf('\n') + 1;
        _unfinished.Clear().Append(text.AsSpan(end));
        await WriteAsync(text[..end]);
    }

    private Task WriteAsync(string text) => text.Length == 0 ? Task.CompletedTask : _output.WriteAsync(text);
}
