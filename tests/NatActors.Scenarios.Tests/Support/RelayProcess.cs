using System.Net;
using System.Text.Json;
using NatActors.Lab;
using NatActors.Multiformats;

namespace NatActors.Scenarios.Tests.Support;

/// <summary>A relay that is a process of its own in a laboratory host, so that it can be killed; its identity outlives it.</summary>
public sealed class RelayProcess : IAsyncDisposable
{
    private readonly LabHost _host;
    private readonly string _folder = Directory.CreateTempSubdirectory("natactors-relay-").FullName;
    private LabProcess? _process;
    private PeerId? _id;

    public RelayProcess(LabHost host) => _host = host;

    public Multiaddr Address => Multiaddr.FromTcp(new IPEndPoint(_host.Address, LabNode.DefaultPort)).WithPeerId(_id!);

    /// <summary>The address of a peer behind this relay.</summary>
    public Multiaddr Circuit(PeerId target) => Address.Append("/p2p-circuit").WithPeerId(target);

    /// <summary>Starts it, the first time or again, and waits until it listens.</summary>
    public async Task StartAsync()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "natactors.dll");
        _process = _host.Start(
            "dotnet", program, "run", "--json", "--control", "none", "--relay-server", "private",
            "--listen", $"/ip4/{_host.Address}/tcp/{LabNode.DefaultPort}", "--identity", Path.Combine(_folder, "key"));
        var line = await _process.Output.ReadUntilAsync(l => l.Contains("\"listening\"", StringComparison.Ordinal)).WaitAsync(EventLog.Guard);
        Assert.True(line is not null, string.Join(Environment.NewLine, _process.Errors.Lines));
        using var json = JsonDocument.Parse(line);
        _id = PeerId.Parse(json.RootElement.GetProperty("peerId").GetString()!);
    }

    /// <summary>Kills it as a crash would (SIGKILL).</summary>
    public void Kill() => _process!.Kill();

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }
}
