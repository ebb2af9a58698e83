using System.Net;
using System.Net.Sockets;
using System.Text;
using NatActors.Transports.PortMapping;

namespace NatActors.Transports.Tests.PortMapping;

public sealed class SystemGatewayHttpTests : IDisposable
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(20);
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly SystemGatewayHttp _http = new();

    public SystemGatewayHttpTests() => _listener.Start();

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task A_get_gets_the_body()
    {
        var (asked, answer) = await ExchangeAsync(Get(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");

        Assert.StartsWith("GET /d.xml?a=1 HTTP/1.1\r\n", asked, StringComparison.Ordinal);
        Assert.Contains("Host: 10.0.0.1:5000\r\n", asked, StringComparison.Ordinal);
        Assert.Equal((200, "hello", null), (answer.Status, Encoding.ASCII.GetString(answer.Body.Span), answer.Failure));
    }

    [Fact]
    public async Task A_post_carries_its_action_and_body()
    {
        var request = Get() with { SoapAction = "\"urn:x#Do\"", Body = "<a/>"u8.ToArray() };

        var (asked, answer) = await ExchangeAsync(request, "HTTP/1.0 500 Internal Server Error\r\n\r\n<fault/>");

        Assert.StartsWith("POST /d.xml?a=1 HTTP/1.1\r\n", asked, StringComparison.Ordinal);
        Assert.Contains("SOAPAction: \"urn:x#Do\"\r\n", asked, StringComparison.Ordinal);
        Assert.Contains("Content-Type: text/xml; charset=\"utf-8\"\r\n", asked, StringComparison.Ordinal);
        Assert.Contains("Content-Length: 4\r\n", asked, StringComparison.Ordinal);
        Assert.Equal((500, "<fault/>"), (answer.Status, Encoding.ASCII.GetString(answer.Body.Span)));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.0 200 OK\r\n\r\nhello world")]
    public async Task A_body_too_long_is_not_read(string raw)
    {
        var (_, answer) = await ExchangeAsync(Get() with { MaxAnswer = 10 }, raw);

        Assert.Equal("the answer is longer than 10 bytes", answer.Failure);
        Assert.Equal(11, (await ExchangeAsync(Get() with { MaxAnswer = 11 }, raw)).Answer.Body.Length);
    }

    [Fact]
    public async Task Headers_without_end_are_not_read()
    {
        var raw = "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Range(0, 2000).Select(i => $"X-{i}: yyyyyyyyyyyy\r\n"));

        Assert.NotNull((await ExchangeAsync(Get(), raw)).Answer.Failure);
    }

    [Fact]
    public async Task A_redirection_is_an_answer_and_not_followed()
    {
        var (_, answer) = await ExchangeAsync(Get(), "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");

        Assert.Equal((302, (string?)null), (answer.Status, answer.Failure));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no http at all")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")]
    public async Task What_is_no_whole_answer_is_a_failure_in_words(string raw) =>
        Assert.NotEmpty((await ExchangeAsync(Get(), raw)).Answer.Failure!);

    [Fact]
    public async Task Nobody_listening_is_a_failure_in_words()
    {
        var request = Get();
        _listener.Stop();

        var answer = await _http.SendAsync(request, CancellationToken.None).WaitAsync(Guard);

        Assert.NotNull(answer.Failure);
    }

    [Fact]
    public async Task A_router_that_keeps_silent_is_left_when_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        var asking = _http.SendAsync(Get(), cancel.Token);
        using var accepted = await _listener.AcceptTcpClientAsync().WaitAsync(Guard);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking.WaitAsync(Guard));
    }

    private GatewayHttpRequest Get() =>
        new((IPEndPoint)_listener.LocalEndpoint, IPAddress.Loopback, "10.0.0.1:5000", "/d.xml?a=1", null, default, 1000);

    private async Task<(string Asked, GatewayHttpAnswer Answer)> ExchangeAsync(GatewayHttpRequest request, string raw)
    {
        var asking = _http.SendAsync(request, CancellationToken.None);
        using var client = await _listener.AcceptTcpClientAsync().WaitAsync(Guard);
        var stream = client.GetStream();
        var buffer = new byte[8192];
        var asked = "";
        while (!asked.Contains("\r\n\r\n", StringComparison.Ordinal) || (request.SoapAction is not null && !asked.EndsWith("<a/>", StringComparison.Ordinal)))
        {
            asked += Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer).AsTask().WaitAsync(Guard));
        }

        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(raw));
            client.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            // It has heard enough.
        }

        return (asked, await asking.WaitAsync(Guard));
    }
}
