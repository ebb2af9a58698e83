using NatActors.Protocols.Perf;
using static NatActors.Protocols.Tests.Connections.Peers;

namespace NatActors.Protocols.Tests.Perf;

public sealed class PerfTests
{
    private static readonly PerfOptions Options = new();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(0, 1)]
    [InlineData(100_000, 70_000)]
    public void Client_and_server_move_exactly_what_was_asked_and_time_both_ways(ulong upload, ulong download)
    {
        var client = new PerfClient(upload, download, Options, Seconds(10));
        var server = new PerfServer(Options);
        var header = new byte[PerfProtocol.HeaderLength];
        client.WriteHeader(header);
        Assert.True(server.OnBytes(header));
        while (client.NextUpload(4096) is var next and > 0)
        {
            client.OnUploaded(next);
            Assert.True(server.OnBytes(new byte[next]));
        }

        client.OnUploadFinished();
        Assert.True(server.OnEnded());
        while (server.NextDownload(4096) is var next and > 0)
        {
            server.OnSent(next);
            Assert.True(client.OnDownloaded(next, Seconds(12)));
        }

        client.OnEnded(Seconds(15));

        Assert.Equal((upload, download), (server.Received, server.Sent));
        var uploadTime = download > 0 ? 2 : 5;
        Assert.Equal(new PerfResult(upload, Seconds(uploadTime), download, Seconds(5 - uploadTime)), client.Result);
        Assert.Null(client.Failure);
    }

    [Fact]
    public void The_header_is_big_endian()
    {
        var header = new byte[PerfProtocol.HeaderLength];

        new PerfClient(0, 0x0102030405060708, Options, Seconds(0)).WriteHeader(header);

        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], header);
    }

    [Fact]
    public void The_server_reads_a_header_cut_anywhere()
    {
        byte[] bytes = [0, 0, 0, 0, 0, 0, 1, 2, 9, 9];
        for (var split = 0; split <= bytes.Length; split++)
        {
            var server = new PerfServer(Options);
            Assert.True(server.OnBytes(bytes.AsSpan(0, split)));
            Assert.True(server.OnBytes(bytes.AsSpan(split)));
            Assert.Equal(0, server.NextDownload(10));
            Assert.True(server.OnEnded());

            Assert.Equal(258, server.NextDownload(1000));
            Assert.Equal(2UL, server.Received);
        }
    }

    [Fact]
    public void The_server_refuses_a_stream_without_a_whole_header()
    {
        var server = new PerfServer(Options);
        server.OnBytes(new byte[7]);

        Assert.False(server.OnEnded());
        Assert.Equal(PerfFailure.TruncatedHeader, server.Failure);
        Assert.Equal(0, server.NextDownload(10));
    }

    [Fact]
    public void The_server_refuses_to_send_or_take_more_than_allowed()
    {
        var greedy = new PerfServer(new PerfOptions { MaxDownload = 9 });
        Assert.False(greedy.OnBytes([0, 0, 0, 0, 0, 0, 0, 10]));
        Assert.Equal(PerfFailure.DownloadTooLarge, greedy.Failure);

        var flooded = new PerfServer(new PerfOptions { MaxUpload = 9 });
        Assert.True(flooded.OnBytes(new byte[17]));
        Assert.False(flooded.OnBytes(new byte[1]));
        Assert.Equal(PerfFailure.UploadTooLarge, flooded.Failure);
    }

    [Fact]
    public void The_server_takes_nothing_after_a_failure()
    {
        var server = new PerfServer(new PerfOptions { MaxDownload = 9 });
        Assert.False(server.OnBytes([0, 0, 0, 0, 0, 0, 0, 10]));
        Assert.False(server.OnBytes([1]));
        Assert.Equal(0UL, server.Received);
    }

    [Fact]
    public void The_client_refuses_more_less_or_earlier_bytes_than_asked_for()
    {
        var early = new PerfClient(1, 1, Options, Seconds(0));
        Assert.False(early.OnDownloaded(1, Seconds(1)));
        Assert.Equal(PerfFailure.AnsweredEarly, early.Failure);

        var cut = new PerfClient(1, 0, Options, Seconds(0));
        cut.OnEnded(Seconds(1));
        Assert.Equal(PerfFailure.AnsweredEarly, cut.Failure);

        var many = new PerfClient(0, 1, Options, Seconds(0));
        many.OnUploadFinished();
        Assert.False(many.OnDownloaded(2, Seconds(1)));
        Assert.Equal(PerfFailure.TooManyBytes, many.Failure);

        var few = new PerfClient(0, 2, Options, Seconds(0));
        few.OnUploadFinished();
        Assert.True(few.OnDownloaded(1, Seconds(1)));
        few.OnEnded(Seconds(1));
        Assert.Equal((PerfFailure.TooFewBytes, null), (few.Failure!.Value, few.Result));
    }

    [Fact]
    public void Progress_is_reported_once_an_interval()
    {
        var client = new PerfClient(100, 0, Options, Seconds(0));
        client.OnUploaded(10);
        Assert.Null(client.TakeProgress(Seconds(0.9)));

        Assert.Equal(new PerfProgress(10, Seconds(1.5), 10, 0), client.TakeProgress(Seconds(1.5)));
        client.OnUploaded(5);
        Assert.Null(client.TakeProgress(Seconds(2.4)));
        Assert.Equal(new PerfProgress(5, Seconds(1), 15, 0), client.TakeProgress(Seconds(2.5)));
    }
}
