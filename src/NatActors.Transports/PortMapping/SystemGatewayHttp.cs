using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using NatActors.Transports.Port;

namespace NatActors.Transports.PortMapping;

/// <summary>HTTP to routers over the machine's sockets.</summary>
public sealed class SystemGatewayHttp : IGatewayHttp
{
    /// <summary>Kilobytes of headers that are read at most; routers send less than one.</summary>
    private const int MaxHeaderKilobytes = 8;

    private readonly ISocketFactory _sockets;

    /// <summary>Requests from this process's network namespace.</summary>
    public SystemGatewayHttp()
        : this(SystemSocketFactory.Instance)
    {
    }

    /// <summary>Requests over sockets of the given factory.</summary>
    public SystemGatewayHttp(ISocketFactory sockets)
    {
        ArgumentNullException.ThrowIfNull(sockets);
        _sockets = sockets;
    }

    /// <inheritdoc />
    public async Task<GatewayHttpAnswer> SendAsync(GatewayHttpRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var handler = MakeHandler(request);
        using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        try
        {
            using var message = MakeMessage(request);
            using var answer = await invoker.SendAsync(message, cancellationToken).ConfigureAwait(false);
            var body = await ReadAsync(answer.Content, request.MaxAnswer, cancellationToken).ConfigureAwait(false);
            return body is null
                ? Failed($"the answer is longer than {request.MaxAnswer} bytes")
                : new GatewayHttpAnswer((int)answer.StatusCode, body.Value, null);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException or UriFormatException)
        {
            return Failed((error.InnerException ?? error).Message);
        }
    }

    private static GatewayHttpAnswer Failed(string why) => new(0, default, why);

    private SocketsHttpHandler MakeHandler(GatewayHttpRequest request)
    {
        var isConnected = false;
        return new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = MaxHeaderKilobytes,
            ActivityHeadersPropagator = null,
            ConnectCallback = (_, token) =>
            {
                // The handler would ask again where an answer does not come; whether to is for the rules to say.
                var wasConnected = isConnected;
                isConnected = true;
                return wasConnected ? throw new IOException("the connection was cut before an answer") : ConnectAsync(request, token);
            },
        };
    }

    private async ValueTask<Stream> ConnectAsync(GatewayHttpRequest request, CancellationToken cancellationToken)
    {
        var socket = _sockets.CreateTcp(request.Remote.AddressFamily);
        try
        {
            socket.NoDelay = true;
            socket.Bind(new IPEndPoint(request.Local, 0));
            await socket.ConnectAsync(request.Remote, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static HttpRequestMessage MakeMessage(GatewayHttpRequest request)
    {
        var uri = new Uri($"http://{request.Host}{request.Path}");
        var message = new HttpRequestMessage(request.SoapAction is null ? HttpMethod.Get : HttpMethod.Post, uri);
        message.Headers.ConnectionClose = true;
        if (request.SoapAction is { } action)
        {
            message.Headers.TryAddWithoutValidation("SOAPAction", action);
            message.Content = new ReadOnlyMemoryContent(request.Body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("text/xml") { CharSet = "\"utf-8\"" };
        }

        return message;
    }

    /// <summary>The body, or null when it is longer than allowed.</summary>
    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpContent content, int most, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > most)
        {
            return null;
        }

        using var stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var body = new MemoryStream();
        var buffer = new byte[4096];
        while (await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
        {
            if (body.Length + read > most)
            {
                return null;
            }

            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }
}
