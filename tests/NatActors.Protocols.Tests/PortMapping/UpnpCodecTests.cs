using System.Net;
using System.Text;
using NatActors.Protocols.PortMapping;

namespace NatActors.Protocols.Tests.PortMapping;

public sealed class UpnpCodecTests
{
    private static readonly IPAddress Router = IPAddress.Parse("10.0.0.1");
    private static readonly GatewayLink Link = new(Router, IPAddress.Parse("10.0.0.2"));
    private static readonly GatewayLink Link6 = new(IPAddress.Parse("fe80::1%3"), IPAddress.Parse("2d01:1::2"));

    [Theory]
    [InlineData("1", true)]
    [InlineData("&quot;", false)]
    [InlineData("1&#13;&#10;X: y", false)]
    public void A_service_whose_type_would_write_headers_of_its_own_is_left_out(string version, bool kept)
    {
        var text = "<root><device><deviceType>r</deviceType><serviceList><service>"
            + $"<serviceType>urn:schemas-upnp-org:service:WANIPConnection:{version}</serviceType>"
            + "<controlURL>l</controlURL></service></serviceList></device></root>";
        var (description, _) = DeviceDescription.Parse(System.Text.Encoding.UTF8.GetBytes(text));
        Assert.Equal(kept ? 1 : 0, description!.ConnectionServices.Count());
    }

    [Fact]
    public void A_search_names_its_group_and_target()
    {
        Assert.Equal(
            "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n",
            Encoding.ASCII.GetString(SsdpCodec.Search("upnp:rootdevice", isIp6: false)));
        Assert.Contains("HOST: [ff02::c]:1900\r\n", Encoding.ASCII.GetString(SsdpCodec.Search("x", isIp6: true)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nLOCATION: http://10.0.0.1:5000/d.xml\r\nST: x\r\nSERVER: Router/1\r\n\r\n")]
    [InlineData("http/1.0 200\nlocation:http://10.0.0.1:5000/d.xml\nst : x\nserver: Router/1\n")]
    public void An_answer_is_read_however_it_is_spelt(string text) =>
        Assert.Equal(new SsdpAnswer("http://10.0.0.1:5000/d.xml", "x", "Router/1"), SsdpCodec.Parse(Encoding.ASCII.GetBytes(text)));

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 404 Not Found\r\nLOCATION: http://10.0.0.1/\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nST: x\r\n")]
    [InlineData("NOTIFY * HTTP/1.1\r\nLOCATION: http://10.0.0.1/\r\n")]
    [InlineData("M-SEARCH * HTTP/1.1\r\n")]
    public void What_is_no_answer_is_none(string text) => Assert.Null(SsdpCodec.Parse(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void An_answer_too_long_or_of_too_many_lines_is_not_read_to_its_end()
    {
        var lines = string.Concat(Enumerable.Repeat("A: b\r\n", 60));
        Assert.Null(SsdpCodec.Parse(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n" + lines + "LOCATION: http://10.0.0.1/\r\n")));
        Assert.Null(SsdpCodec.Parse(new byte[SsdpCodec.MaxAnswer + 1]));
    }

    [Fact]
    public void A_product_name_is_one_bounded_line()
    {
        var answer = SsdpCodec.Parse(Encoding.ASCII.GetBytes(
            "HTTP/1.1 200 OK\r\nLOCATION: http://10.0.0.1/\r\nSERVER: a\u001b[31m" + new string('x', 200) + "\r\n"))!;

        Assert.StartsWith("a?[31mxxx", answer.Server, StringComparison.Ordinal);
        Assert.Equal(GatewayText.MaxLength + 1, answer.Server.Length);
    }

    [Theory]
    [InlineData("NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\nLOCATION: http://10.0.0.1/\r\n", false)]
    [InlineData("NOTIFY * HTTP/1.1\r\nNTS: ssdp:byebye\r\n", true)]
    public void A_notice_says_whether_the_device_goes(string text, bool isGoing) =>
        Assert.Equal(isGoing, SsdpCodec.ParseNotice(Encoding.ASCII.GetBytes(text))!.IsGoing);

    [Theory]
    [InlineData("http://10.0.0.1:5000/d.xml")]
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://10.0.0.7:80/other")]
    public void A_description_is_fetched_from_the_device_that_answered_or_the_router(string location) =>
        Assert.NotNull(GatewayUrl.OfLocation(location, IPAddress.Parse("10.0.0.7"), Link));

    [Theory]
    [InlineData("http://10.0.0.9/d.xml")]
    [InlineData("http://127.0.0.1/d.xml")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://router.example/d.xml")]
    [InlineData("http://localhost/d.xml")]
    [InlineData("https://10.0.0.1/d.xml")]
    [InlineData("file:///etc/passwd")]
    [InlineData("http://user@10.0.0.1/d.xml")]
    [InlineData("http://10.0.0.1:0/d.xml")]
    [InlineData("http://[::ffff:10.0.0.1]/d.xml")]
    [InlineData("/d.xml")]
    [InlineData("")]
    public void A_description_elsewhere_is_never_fetched(string location) =>
        Assert.Null(GatewayUrl.OfLocation(location, Router, Link));

    [Fact]
    public void A_stranger_in_the_internet_is_no_router_of_ours()
    {
        Assert.Null(GatewayUrl.OfLocation("http://29.0.1.9/d.xml", IPAddress.Parse("29.0.1.9"), Link));
        Assert.NotNull(GatewayUrl.OfLocation("http://29.0.1.9/d.xml", IPAddress.Parse("29.0.1.9"), new GatewayLink(IPAddress.Parse("29.0.1.9"), Router)));
        Assert.Null(GatewayUrl.OfLocation("http://10.0.0.1/" + new string('x', GatewayUrl.MaxLength), Router, Link));
    }

    [Theory]
    [InlineData("172.17.0.2")]
    [InlineData("169.254.169.254")]
    [InlineData("10.0.0.2")]
    public void A_sender_of_another_network_or_this_machine_itself_is_no_device_beside_us(string responder) =>
        Assert.Null(GatewayUrl.OfLocation($"http://{responder}/d.xml", IPAddress.Parse(responder), Link));

    [Fact]
    public void An_ip6_router_is_reached_by_the_zone_that_is_known()
    {
        var url = GatewayUrl.OfLocation("http://[fe80::1]:5000/d.xml", IPAddress.Parse("fe80::1%3"), Link6)!;

        Assert.Equal(new IPEndPoint(IPAddress.Parse("fe80::1%3"), 5000), url.EndPoint);
        Assert.NotNull(GatewayUrl.OfLocation("http://[2d01:1::1]/d.xml", IPAddress.Parse("2d01:1::1"), Link6));
        Assert.Null(GatewayUrl.OfLocation("http://[2d01:2::1]/d.xml", IPAddress.Parse("2d01:2::1"), Link6));
    }

    [Theory]
    [InlineData("/ctl", null, "/ctl", 5000)]
    [InlineData("ctl/x", null, "/a/ctl/x", 5000)]
    [InlineData("ctl", "http://10.0.0.1:6000/base/", "/base/ctl", 6000)]
    [InlineData("ctl", "http://10.0.0.66/base/", "/a/ctl", 5000)]
    [InlineData("http://10.0.0.1:7000/ctl?a=1", null, "/ctl?a=1", 7000)]
    public void A_control_address_is_resolved_at_the_device(string reference, string? baseUrl, string path, int port)
    {
        var description = GatewayUrl.OfLocation("http://10.0.0.1:5000/a/d.xml", Router, Link)!;

        var url = description.Resolve(reference, baseUrl)!;

        Assert.Equal((path, new IPEndPoint(Router, port)), (url.Path, url.EndPoint));
    }

    [Theory]
    [InlineData("http://10.0.0.9/ctl")]
    [InlineData("//evil.example/ctl")]
    [InlineData("https://10.0.0.1/ctl")]
    [InlineData("")]
    public void A_control_address_elsewhere_is_refused(string reference) =>
        Assert.Null(GatewayUrl.OfLocation("http://10.0.0.1:5000/a/d.xml", Router, Link)!.Resolve(reference, null));

    [Fact]
    public void The_services_of_a_description_are_ranked()
    {
        var (description, failure) = DeviceDescription.Parse(Encoding.UTF8.GetBytes(FakeRouter.Describe(
            ("WANPPPConnection:1", "/ppp"), ("WANIPConnection:1", "/ip1"), ("WANIPConnection:2", "/ip2"), ("WANIPv6FirewallControl:1", "/6"))));

        Assert.Null(failure);
        Assert.Equal(["/ip2", "/ip1", "/ppp"], description!.ConnectionServices.Select(s => s.ControlUrl));
        Assert.Equal("/6", Assert.Single(description.FirewallServices).ControlUrl);
        Assert.Equal(("My <Router>", "upnp-igd2", "http://10.0.0.1/"), (description.Name, description.Protocol, description.BaseUrl));
        Assert.True(description.ConnectionServices[0].FindsFreePort);
        Assert.False(description.ConnectionServices[1].FindsFreePort);
    }

    [Fact]
    public void A_description_padded_or_in_another_encoding_is_read()
    {
        var text = FakeRouter.Describe(("WANIPConnection:1", "/ip1"));
        Assert.NotNull(DeviceDescription.Parse(Encoding.UTF8.GetBytes("\r\n  " + text)).Description);
        Assert.NotNull(DeviceDescription.Parse(Encoding.Latin1.GetBytes(text.Replace("utf-8", "iso-8859-1", StringComparison.Ordinal))).Description);
    }

    [Fact]
    public void A_description_cut_anywhere_is_refused_in_words()
    {
        var whole = Encoding.UTF8.GetBytes(FakeRouter.Describe(("WANIPConnection:1", "/ip1")));
        for (var length = 0; length < whole.Length; length++)
        {
            var (description, failure) = DeviceDescription.Parse(whole.AsMemory(0, length));
            Assert.True(description is null && failure is { Length: > 0 }, $"cut at {length}");
        }
    }

    [Fact]
    public void A_description_that_would_swell_or_fetch_is_refused()
    {
        const string Bomb = "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x \"yyyy\"><!ENTITY z \"&x;&x;&x;\">]><root>&z;</root>";
        const string Fetch = "<?xml version=\"1.0\"?><!DOCTYPE a SYSTEM \"http://10.0.0.9/x\"><root/>";
        foreach (var xml in (string[])[Bomb, Fetch])
        {
            Assert.Null(DeviceDescription.Parse(Encoding.UTF8.GetBytes(xml)).Description);
        }
    }

    [Fact]
    public void A_description_too_deep_or_too_rich_is_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("<a>", 100)) + string.Concat(Enumerable.Repeat("</a>", 100));
        var rich = FakeRouter.Describe([.. Enumerable.Range(0, 100).Select(i => ("WANIPConnection:1", $"/{i}"))]);
        Assert.Contains("deep", DeviceDescription.Parse(Encoding.UTF8.GetBytes(deep)).Failure, StringComparison.Ordinal);
        Assert.Contains("many", DeviceDescription.Parse(Encoding.UTF8.GetBytes(rich)).Failure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_is_escaped()
    {
        var body = Encoding.UTF8.GetString(SoapCodec.Write("urn:x:1", "Do", [("Name", "a<b>&\"c'"), ("Empty", "")]));

        Assert.Contains("<u:Do xmlns:u=\"urn:x:1\"><Name>a&lt;b&gt;&amp;&quot;c&apos;</Name><Empty></Empty></u:Do>", body, StringComparison.Ordinal);
        Assert.Equal("\"urn:x:1#Do\"", SoapCodec.Header("urn:x:1", "Do"));
    }

    [Fact]
    public void An_answer_gives_its_values()
    {
        var answer = SoapCodec.Parse(Reply("<u:DoResponse xmlns:u=\"urn\"><A>1</A><B/><C><![CDATA[<x>]]></C></u:DoResponse>"), "Do");

        var done = Assert.IsType<SoapAnswer.Done>(answer);
        Assert.Equal(("1", "", "<x>"), (done["A"], done["B"], done["C"]));
    }

    [Fact]
    public void A_refusal_gives_its_code()
    {
        const string Fault = "<s:Fault><faultcode>s:Client</faultcode><detail><UPnPError xmlns=\"u\"><errorCode>718</errorCode>"
            + "<errorDescription>ConflictInMappingEntry</errorDescription></UPnPError></detail></s:Fault>";

        var answer = SoapCodec.Parse(Reply(Fault, 500), "Do");

        Assert.Equal(new SoapAnswer.Fault(718, "ConflictInMappingEntry"), answer);
        Assert.Equal("refused with UPnP error 718 (ConflictInMappingEntry)", SoapCodec.Describe(answer));
    }

    [Theory]
    [InlineData("<u:OtherResponse xmlns:u=\"urn\"/>")]
    [InlineData("<s:Fault><faultcode>x</faultcode></s:Fault>")]
    [InlineData("")]
    public void An_answer_that_says_nothing_is_unreadable(string body) =>
        Assert.IsType<SoapAnswer.Unreadable>(SoapCodec.Parse(Reply(body), "Do"));

    [Fact]
    public void What_is_no_xml_or_no_answer_at_all_is_unreadable()
    {
        Assert.IsType<SoapAnswer.Unreadable>(SoapCodec.Parse(new GatewayReply(200, "<html><br>"u8.ToArray(), null), "Do"));
        Assert.Equal(new SoapAnswer.Unreadable("gone"), SoapCodec.Parse(GatewayReply.Failed("gone"), "Do"));
    }

    private static GatewayReply Reply(string body, int status = 200) => new(status, Encoding.UTF8.GetBytes(
        "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>" + body + "</s:Body></s:Envelope>"), null);
}
