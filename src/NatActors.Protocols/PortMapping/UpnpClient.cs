using System.Net;

namespace NatActors.Protocols.PortMapping;

/// <summary>
/// UPnP at one router: searches, reads descriptions, finds the service that works, and then lets <see cref="UpnpService"/>'s mappings or
/// openings be kept by an <see cref="IUpnpPorts"/>. One HTTP request at a time, the others wait in line.
/// <code>
/// Searching --a device answers--> Describing --a service of it answers--> Ready: asked again every minute
///     ^  nobody: again, then rest     | no use: the next device               | no answer, three times
///     +-------------------------------+---------------------------------------+
/// </code>
/// </summary>
internal sealed class UpnpClient : GatewayClient
{
    /// <summary>Devices looked at in one search; a house has few that call themselves root devices, a prankster has many.</summary>
    private const int MaxDevices = 8;

    /// <summary>Requests in line. A port needs three at a time. Beyond it a request ends at once, as one without an answer.</summary>
    internal const int MaxJobs = 64;

    /// <summary>Failed requests in a row after which the router counts as gone: it may be busy once.</summary>
    private const int MaxFailures = 3;

    /// <summary>When a search is sent again: datagrams get lost (UPnP Device Architecture 1.1 section 1.3.2 says two or three times).</summary>
    private static readonly TimeSpan[] SearchAgain = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)];

    /// <summary>Notices of the router, or of whoever speaks in its name, make us look no more often than this. Ours.</summary>
    private static readonly TimeSpan LookAtMostEvery = TimeSpan.FromSeconds(4);

    private readonly Queue<GatewayUrl> _devices = new();
    private readonly HashSet<GatewayUrl> _seen = [];
    private readonly Queue<UpnpJob> _jobs = new();
    private readonly Func<UpnpClient, IUpnpPorts> _makePorts;
    private readonly IPEndPoint _group;
    private UpnpJob? _running;
    private IUpnpPorts? _ports;
    private string _server = "";
    private string _protocol = "upnp-igd1";
    private int _searches;
    private int _failures;
    private bool _wasFound;
    private GatewayUrl? _used;
    private TimeSpan? _lookedAt;
    private TimeSpan? _searchAt;
    private TimeSpan? _checkAt;

    public UpnpClient(GatewayLink link, PortMappingOptions options, Func<UpnpClient, IUpnpPorts> makePorts)
        : base(link, options)
    {
        _makePorts = makePorts;
        _group = new IPEndPoint(Group(link), SsdpCodec.Port);
    }

    /// <inheritdoc />
    public override MappingMethod Method => MappingMethod.Upnp;

    /// <inheritdoc />
    public override string Protocol => _protocol;

    /// <summary>The options.</summary>
    public new PortMappingOptions Options => base.Options;

    /// <inheritdoc />
    public override TimeSpan? NextDeadline => Earlier(Earlier(_searchAt, _checkAt), _ports?.NextDeadline);

    /// <inheritdoc />
    public override bool IsReleasing => _running is not null || _jobs.Count > 0;

    /// <inheritdoc />
    public override void Start(TimeSpan now)
    {
        _searches = 0;
        Search(now);
    }

    /// <inheritdoc />
    public override void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, TimeSpan now)
    {
        if (IsFound || _seen.Count >= MaxDevices || SsdpCodec.Parse(datagram) is not { } answer)
        {
            return;
        }

        if (GatewayUrl.OfLocation(answer.Location, from.Address, Link) is { } url && _seen.Add(url))
        {
            _server = answer.Server;
            _devices.Enqueue(url);
            DescribeNext(now);
        }
    }

    /// <inheritdoc />
    public override void OnReply(GatewayReply reply, TimeSpan now)
    {
        if (_running is not { } job)
        {
            return;
        }

        _running = null;
        job.OnReply(reply, now);
        CountFailures(reply, now);
        RunNext();
        DescribeNext(now);
    }

    /// <inheritdoc />
    public override void OnDeadline(TimeSpan now)
    {
        if (_searchAt <= now)
        {
            Search(now);
        }

        if (_checkAt <= now)
        {
            Check(now);
        }

        _ports?.OnDeadline(now);
    }

    /// <inheritdoc />
    public override void Want(PortToMap port, TimeSpan now) => _ports?.Want(port, now);

    /// <inheritdoc />
    public override void Release(PortToMap port, TimeSpan now) => _ports?.Release(port, now);

    /// <inheritdoc />
    public override void Recheck(TimeSpan now)
    {
        if (_lookedAt is { } last && now - last < LookAtMostEvery)
        {
            return;
        }

        _lookedAt = now;
        if (IsFound)
        {
            _checkAt = now;
        }
        else if (_devices.Count == 0 && _running is null)
        {
            Start(now);
        }
    }

    /// <summary>
    /// The router told everybody that it comes or goes. It says so every few minutes anyway: only what does not fit what is known makes us
    /// look.
    /// </summary>
    public void OnNotice(SsdpNotice notice, TimeSpan now)
    {
        var known = _used is { } used && GatewayUrl.OfLocation(notice.Location, used.EndPoint.Address, Link) == used;
        if (notice.IsGoing ? IsFound : !IsFound || !known)
        {
            Recheck(now);
        }
    }

    /// <summary>Hands out what the ports have learned.</summary>
    public void Tell(ClientOutput output) => Emit(output);

    /// <summary>The external address as the router's last answer had it.</summary>
    public void SetExternal(IPAddress? external) => Report(external);

    /// <summary>What the last refusal said; shown to the owner.</summary>
    public void SetProblem(string problem) => Problem = problem;

    /// <summary>A request to a service of the device, in its turn. It ends in one answer, at once when the line is full.</summary>
    public void Ask(UpnpEndpoint service, UpnpAction action, TimeSpan now, Action<SoapAnswer, TimeSpan> onAnswer)
    {
        var request = new GatewayRequest(
            service.Url.EndPoint, Link.Local, service.Url.Host, service.Url.Path,
            SoapCodec.Header(service.Type, action.Name), SoapCodec.Write(service.Type, action.Name, action.Arguments));
        Enqueue(new UpnpJob(request, (reply, at) => onAnswer(SoapCodec.Parse(reply, action.Name), at)), now);
    }

    /// <summary>A lease within bounds.</summary>
    public TimeSpan Bound(TimeSpan lease) => Bounded(lease);

    private static IPAddress Group(GatewayLink link) => link.IsIp6
        ? new IPAddress(SsdpCodec.GroupIp6.GetAddressBytes(), link.Gateway.ScopeId)
        : SsdpCodec.Group;

    private void Search(TimeSpan now)
    {
        if (_searches == 0)
        {
            _seen.Clear();
            _devices.Clear();
        }

        foreach (var target in SsdpCodec.Targets)
        {
            var search = SsdpCodec.Search(target, Link.IsIp6);
            Emit(new ClientOutput.Send(search, _group));

            // Some routers answer only when asked in person, and some networks swallow what goes to groups.
            Emit(new ClientOutput.Send(search, new IPEndPoint(Link.Gateway, SsdpCodec.Port)));
        }

        var rest = _wasFound || _seen.Count > 0 ? Options.CheckInterval : Options.RestWhenSilent;
        _searchAt = now + (_searches < SearchAgain.Length ? SearchAgain[_searches] : rest);
        _searches = _searches < SearchAgain.Length ? _searches + 1 : 0;
    }

    private void DescribeNext(TimeSpan now)
    {
        if (!IsFound && _running is null && _jobs.Count == 0 && _devices.TryDequeue(out var url))
        {
            var request = new GatewayRequest(url.EndPoint, Link.Local, url.Host, url.Path, null, []);
            Enqueue(new UpnpJob(request, (reply, at) => OnDescription(url, reply, at)), now);
        }
    }

    private void OnDescription(GatewayUrl url, GatewayReply reply, TimeSpan now)
    {
        if (reply is not { Failure: null, Status: 200 })
        {
            NoUse(reply.Failure ?? $"its description cannot be had: HTTP {reply.Status}", now);
            return;
        }

        var (description, failure) = DeviceDescription.Parse(reply.Body);
        if (description is null)
        {
            NoUse(failure!, now);
            return;
        }

        var ports = _makePorts(this);
        var services = ports.Choose(description)
            .Select(s => (s, Url: url.Resolve(s.ControlUrl, description.BaseUrl)))
            .Where(s => s.Url is not null)
            .Select(s => new UpnpEndpoint(s.s.Type, s.s.FindsFreePort, s.Url!))
            .Take(MaxDevices)
            .ToList();
        _used = url;
        _protocol = description.Protocol;
        Product = description.Name.Length == 0 ? _server : description.Name;
        Probe(new Queue<UpnpEndpoint>(services), ports, "it offers no service that maps ports", now);
    }

    /// <summary>Asks one service after the other whether it works: of a router's several connections mostly one is up.</summary>
    private void Probe(Queue<UpnpEndpoint> services, IUpnpPorts ports, string problem, TimeSpan now)
    {
        if (!services.TryDequeue(out var service))
        {
            NoUse(problem, now);
            return;
        }

        Ask(service, ports.Probe, now, (answer, at) =>
        {
            if (ports.Use(service, answer) is { } failure)
            {
                Probe(services, ports, failure, at);
            }
            else
            {
                OnUsable(ports, at);
            }
        });
    }

    private void OnUsable(IUpnpPorts ports, TimeSpan now)
    {
        Problem = "";
        _ports = ports;
        _failures = 0;
        _searchAt = null;
        _devices.Clear();
        _checkAt = now + Options.CheckInterval;
        IsFound = _wasFound = true;
        Emit(new ClientOutput.Found());
    }

    private void NoUse(string problem, TimeSpan now)
    {
        Problem = problem;
        DescribeNext(now);
    }

    private void Check(TimeSpan now)
    {
        _checkAt = now + Options.CheckInterval;
        _ports?.Check(now);
    }

    private void CountFailures(GatewayReply reply, TimeSpan now)
    {
        if (!IsFound)
        {
            return;
        }

        _failures = reply.Failure is null ? 0 : _failures + 1;
        if (_failures >= MaxFailures)
        {
            IsFound = false;
            _ports = null;
            _checkAt = null;
            _jobs.Clear();
            _running = _running is null ? null : _running with { OnReply = (_, _) => { } };
            Report(null);
            Emit(new ClientOutput.Gone("the router no longer answers: " + reply.Failure));
            Start(now);
        }
        else if (_failures > 0)
        {
            _checkAt = now + TimeSpan.FromSeconds(_failures);
        }
    }

    private void Enqueue(UpnpJob job, TimeSpan now)
    {
        if (_jobs.Count >= MaxJobs)
        {
            job.OnReply(GatewayReply.Failed("too many requests wait for the router"), now);
            return;
        }

        _jobs.Enqueue(job);
        RunNext();
    }

    private void RunNext()
    {
        if (_running is null && _jobs.TryDequeue(out var job))
        {
            _running = job;
            Emit(new ClientOutput.Ask(job.Request));
        }
    }
}

/// <summary>A request in line and what becomes of its answer.</summary>
/// <param name="Request">The request.</param>
/// <param name="OnReply">Takes the answer.</param>
internal sealed record UpnpJob(GatewayRequest Request, Action<GatewayReply, TimeSpan> OnReply);

/// <summary>A service where it is reached.</summary>
internal sealed record UpnpEndpoint(string Type, bool FindsFreePort, GatewayUrl Url);

/// <summary>A request to a service.</summary>
internal sealed record UpnpAction(string Name, IReadOnlyList<(string Name, string Value)> Arguments);

/// <summary>What an <see cref="UpnpClient"/> keeps at its router once it has found it: mappings, or openings of the firewall.</summary>
internal interface IUpnpPorts
{
    /// <summary>When to call <see cref="OnDeadline"/>, or null.</summary>
    TimeSpan? NextDeadline { get; }

    /// <summary>What a service is asked to find out whether it works.</summary>
    UpnpAction Probe { get; }

    /// <summary>The services of a device that could serve, the best first.</summary>
    IReadOnlyList<UpnpService> Choose(DeviceDescription description);

    /// <summary>Takes a service's answer to <see cref="Probe"/> and uses the service from now on, or says why not.</summary>
    string? Use(UpnpEndpoint service, SoapAnswer answer);

    /// <summary>Time went by.</summary>
    void OnDeadline(TimeSpan now);

    /// <summary>Asks the router whether everything stands.</summary>
    void Check(TimeSpan now);

    /// <summary>Get and keep.</summary>
    void Want(PortToMap port, TimeSpan now);

    /// <summary>Give back.</summary>
    void Release(PortToMap port, TimeSpan now);
}
