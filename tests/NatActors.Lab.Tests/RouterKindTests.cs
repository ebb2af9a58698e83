using NatActors.Lab.Nat;

namespace NatActors.Lab.Tests;

/// <summary>How a person writes a router's kind.</summary>
public sealed class RouterKindTests
{
    [Theory]
    [InlineData("none", "none")]
    [InlineData("PortRestricted", "portrestricted")]
    [InlineData("portrestricted-rst", "portrestricted+rst")]
    [InlineData("cgnatsym+short+rst", "cgnatsym+rst+short")]
    [InlineData("portforward", "portforward")]
    [InlineData("portforward:4002+hairpin", "portforward:4002+hairpin")]
    [InlineData("firewall+noipv4", "firewall+noipv4")]
    public void A_kind_is_read_and_written(string text, string written)
    {
        Assert.True(RouterKind.TryParse(text, out var kind));
        Assert.Equal(written, kind.ToString());
        Assert.True(RouterKind.TryParse(written, out var again));
        Assert.Equal(kind, again);
    }

    [Fact]
    public void Every_type_has_a_name() => Assert.All(Enum.GetValues<RouterType>(), type =>
    {
        Assert.True(RouterKind.TryParse(new RouterKind(type).ToString(), out var kind));
        Assert.Equal(type, kind.Type);
    });
}
