using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using NatActors.Node;

namespace NatActors.Cli.Output;

/// <summary>One JSON object a line on standard output, for tools.</summary>
public sealed class JsonOutput(TextWriter output, TextWriter errors, TimeProvider clock) : IEventOutput
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Lock _gate = new();

    /// <inheritdoc />
    public void OnNext(NodeEvent value) => Write(value.Name, value.Time, EventFields.Of(value));

    /// <inheritdoc />
    public void OnCompleted()
    {
    }

    /// <inheritdoc />
    public void OnError(Exception error) => Complain(error.Message);

    /// <inheritdoc />
    public void Say(string line)
    {
    }

    /// <inheritdoc />
    public void Complain(string line)
    {
        foreach (var one in line.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries))
        {
            Write("error", clock.GetUtcNow(), [("what", one)]);
        }

        errors.WriteLine(line);
    }

    /// <summary>Writes one object.</summary>
    public void Write(string name, DateTimeOffset time, IReadOnlyList<(string Name, object? Value)> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("event", name);
            json.WriteString("time", EventFields.Rfc3339(time));
            foreach (var (field, value) in fields)
            {
                json.WritePropertyName(field);
                JsonSerializer.Serialize(json, value);
            }

            json.WriteEndObject();
        }

        lock (_gate)
        {
            output.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
            output.Flush();
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
