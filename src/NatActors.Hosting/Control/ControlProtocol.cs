using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using NatActors.Hosting.Reports;

namespace NatActors.Hosting.Control;

/// <summary>A question: one JSON object on one line.</summary>
/// <param name="Ask">What is asked: <c>report</c>.</param>
internal sealed record ControlRequest([property: JsonRequired] string Ask);

/// <summary>The answer: one JSON object on one line, of which one field is there.</summary>
internal sealed record ControlReply
{
    /// <summary>The report that was asked for.</summary>
    public ReportDocument? Report { get; init; }

    /// <summary>Why there is none.</summary>
    public string? Error { get; init; }
}

/// <summary>The lines of the control socket: a client sends one and gets one, and the connection ends.</summary>
internal static class ControlProtocol
{
    /// <summary>The one question there is.</summary>
    public const string AskReport = "report";

    /// <summary>The longest question in bytes. Ours: <c>{"ask":"report"}</c> with room to grow.</summary>
    public const int MaxRequest = 1024;

    /// <summary>The longest answer in bytes. Ours: a document has bounded parts and stays far below.</summary>
    public const int MaxReply = 4 * 1024 * 1024;

    private static readonly JsonSerializerOptions Json = new(ReportDocuments.Json)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>A message as its line.</summary>
    public static byte[] Line<T>(T message) => [.. JsonSerializer.SerializeToUtf8Bytes(message, Json), (byte)'\n'];

    /// <summary>The message of a line, or null when it is none.</summary>
    public static T? Parse<T>(ReadOnlySpan<byte> line)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>One line without its end. Null when the other side ends before it, or says more than it may.</summary>
    public static async Task<byte[]?> ReadLineAsync(Socket socket, int most, CancellationToken cancellationToken)
    {
        var line = new MemoryStream();
        var buffer = new byte[Math.Min(most, 16 * 1024)];
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer, cancellationToken);
            var end = Array.IndexOf(buffer, (byte)'\n', 0, read);
            line.Write(buffer, 0, end < 0 ? read : end);
            if (line.Length > most || read == 0)
            {
                return null;
            }

            if (end >= 0)
            {
                return line.ToArray();
            }
        }
    }

    /// <summary>Sends all of it.</summary>
    public static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, cancellationToken)..];
        }
    }
}
