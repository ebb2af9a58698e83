using NatActors.Protocols.Naming;
using Xunit;

namespace NatActors.Protocols.Tests.Naming;

public sealed class DnsNameTests
{
    [Theory]
    [InlineData("Example.ORG", "example.org")]
    [InlineData("example.org.", "example.org")]
    [InlineData("_dnsaddr.a-b.example", "_dnsaddr.a-b.example")]
    public void Names_are_kept_in_lower_case_without_the_last_dot(string text, string kept) => Assert.Equal(kept, Messages.Name(text).Text);

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("a b")]
    [InlineData("bücher.example")]
    [InlineData("a\\b")]
    [InlineData("a\u0096b")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123.example")]
    public void What_is_no_name_is_refused_with_a_reason(string text)
    {
        Assert.False(DnsName.TryParse(text, out _, out var error));
        Assert.NotEmpty(error);
        Assert.DoesNotContain(error, char.IsControl);
    }

    [Fact]
    public void A_name_of_253_letters_fits_and_one_more_does_not()
    {
        var longest = string.Join('.', Enumerable.Repeat(new string('a', 49), 5)) + ".abc";

        Assert.Equal(253, longest.Length);
        Assert.True(DnsName.TryParse(longest, out _, out _));
        Assert.False(DnsName.TryParse(longest + "d", out _, out _));
    }
}
