using NatActors.Lab.Nat;
using NatActors.Testing;

namespace NatActors.Lab.Tests;

/// <summary>A host's own interface, address and gateway change, and it reaches the world again.</summary>
public sealed class HostChangeTests(LabFixture fixture) : IClassFixture<LabFixture>
{
    private const int Port = 4001;
    private const byte Hello = 1;

    private Laboratory Lab => fixture.Lab;

    [SkippableFact]
    public async Task An_interface_that_is_down_has_no_address_and_has_it_again_when_it_is_up()
    {
        Lab.Router("NA").SetKind(RouterType.PortRestricted);
        var host = Lab.Host("A");
        var before = host.Address;

        host.InterfaceDown();
        Assert.Empty(host.Addresses);
        host.InterfaceUp();

        Assert.Equal(before, host.Address);
        await AssertReachesAsync(host);
    }

    [SkippableFact]
    public async Task A_host_with_another_address_reaches_the_world_by_it()
    {
        Lab.Router("NA").SetKind(RouterType.PortRestricted);
        var host = Lab.Host("A");
        var before = host.Address;

        host.ChangeAddress(77);

        Assert.NotEqual(before, host.Address);
        await AssertReachesAsync(host);
    }

    [SkippableFact]
    public async Task A_host_with_another_gateway_reaches_the_world_by_it()
    {
        Lab.Router("NA").SetKind(RouterType.PortRestricted);
        var host = Lab.Host("A");

        host.ChangeGateway(99);

        await AssertReachesAsync(host);
        var routes = await host.RunAsync("ip", "route", "show", "default");
        Assert.Contains(routes.Output, line => line.Contains(".99 ", StringComparison.Ordinal));
    }

    private async Task AssertReachesAsync(LabHost host)
    {
        using var r = Lab.Host("R").Udp(Port);
        using var a = host.Udp(Port);
        a.Send(Hello, Lab.Host("R").At(Port));
        Assert.Equal(Lab.Router("NA").PublicAddress, (await r.NextAsync()).From.Address);
    }
}
