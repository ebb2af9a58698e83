using System.Net;
using NatActors.Transports.Naming;

namespace NatActors.Transports.Tests.Naming;

public sealed class ResolvConfTests
{
    [Fact]
    public void Servers_timeout_and_attempts_are_read()
    {
        var settings = ResolvConf.Parse(
            """
            # made by hand
            ; a comment too
            domain example.org
            search example.org example.net
            nameserver 192.0.2.53
            nameserver	2001:db8::53
            nameserver nonsense
            options ndots:2 timeout:3 attempts:4 rotate
            """);

        Assert.Equal(["192.0.2.53:53", "[2001:db8::53]:53"], settings.Servers.Select(s => s.ToString()));
        Assert.Equal(TimeSpan.FromSeconds(3), settings.Timeout);
        Assert.Equal(4, settings.Attempts);
    }

    [Theory]
    [InlineData("options timeout:0 attempts:0", 1, 1)]
    [InlineData("options timeout:900 attempts:900", 30, 5)]
    public void Numbers_out_of_range_are_brought_into_it(string text, int seconds, int attempts)
    {
        var settings = ResolvConf.Parse(text);

        Assert.Equal(TimeSpan.FromSeconds(seconds), settings.Timeout);
        Assert.Equal(attempts, settings.Attempts);
    }

    [Fact]
    public void Three_servers_are_taken_and_what_is_unsaid_stays_unsaid()
    {
        var settings = ResolvConf.Parse("nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\noptions timeout:x\n");

        Assert.Equal(3, settings.Servers.Count);
        Assert.Null(settings.Timeout);
        Assert.Null(settings.Attempts);
    }

    [Fact]
    public void Hosts_are_read_by_every_name_of_a_line()
    {
        var hosts = ResolvConf.ParseHosts(
            """
            127.0.0.1	localhost
            10.0.0.7   Box.example  box # the box under the desk
            10.0.0.8   box
            2001:db8::7 box.example
            fe80::1%1 link.example
            nonsense   line
            10.0.0.9
            """);

        Assert.Equal([IPAddress.Parse("10.0.0.7"), IPAddress.Parse("2001:db8::7")], hosts["box.example"]);
        Assert.Equal(["10.0.0.7", "10.0.0.8"], hosts["box"].Select(a => a.ToString()));
        Assert.Equal(["box", "box.example", "localhost"], hosts.Keys.Order());
        Assert.Equal("box.example", ResolvConf.Key("Box.Example."));
    }

    [Fact]
    public void Files_are_read_again_when_they_change_and_missed_without_harm()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var (conf, hosts) = (Path.Combine(folder.FullName, "resolv.conf"), Path.Combine(folder.FullName, "hosts"));
            File.WriteAllText(conf, "nameserver 192.0.2.53\n");
            var servers = new SystemNameServers(conf, hosts);
            Assert.Equal("192.0.2.53:53", Assert.Single(servers.Read().Servers).ToString());
            Assert.Empty(servers.Read().Hosts);
            Assert.Same(servers.Read(), servers.Read());

            File.WriteAllText(conf, "options timeout:1\n");
            File.WriteAllText(hosts, "10.0.0.7 box\n");

            Assert.Equal("127.0.0.1:53", Assert.Single(servers.Read().Servers).ToString());
            Assert.Equal("10.0.0.7", Assert.Single(servers.Read().Hosts["box"]).ToString());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
