using NatActors.Wire.Muxing;

namespace NatActors.Wire.Tests.Muxing;

/// <summary>While memory is short a session promises no more than it must.</summary>
public sealed class YamuxPromisesTests
{
    private const int Window = YamuxOptions.InitialWindow;

    [Fact]
    public void A_window_does_not_grow_while_memory_is_short()
    {
        var memory = new Memory { AreToStaySmall = true };
        var pair = new YamuxPair(server: new YamuxOptions { Promises = memory }, delayMs: 50);
        pair.Ping();
        var (client, server) = pair.Open();
        for (var i = 0; i < 6; i++)
        {
            pair.Client.Send(client, new byte[client.SendWindow]);
            pair.Run();
        }

        Assert.Equal(Window, server.ReceiveWindow);
        Assert.Equal(Window, client.SendWindow);

        memory.AreToStaySmall = false;
        for (var i = 0; i < 6; i++)
        {
            pair.Client.Send(client, new byte[client.SendWindow]);
            pair.Run();
        }

        Assert.True(server.ReceiveWindow > Window);
    }

    [Fact]
    public void A_window_that_has_grown_is_refilled_to_its_first_size_and_the_stream_goes_on()
    {
        var memory = new Memory();
        var pair = new YamuxPair(server: new YamuxOptions { Promises = memory }, delayMs: 50);
        pair.Ping();
        var (client, server) = pair.Open();
        for (var i = 0; i < 8; i++)
        {
            pair.Client.Send(client, new byte[client.SendWindow]);
            pair.Run();
        }

        Assert.True(client.SendWindow > 2 * Window);
        memory.AreToStaySmall = true;
        for (var i = 0; i < 8; i++)
        {
            Assert.True(client.SendWindow > 0, "the stream stands");
            pair.Client.Send(client, new byte[client.SendWindow]);
            pair.Run();
        }

        Assert.Equal(Window, client.SendWindow);
        memory.AreToStaySmall = false;
        for (var i = 0; i < 3; i++)
        {
            pair.Client.Send(client, new byte[client.SendWindow]);
            pair.Run();
        }

        Assert.Equal(server.ReceiveWindow, client.SendWindow);
    }

    private sealed class Memory : IReceivePromises
    {
        public bool AreToStaySmall { get; set; }
    }
}
