using NatActors.Lab;
using Xunit;

namespace NatActors.Testing;

/// <summary>
/// One laboratory for all tests of a class: R, S, T, U public, A behind NA, B behind NB, 20 ms each way. A test gives the routers the
/// kinds it needs. Built at first use, so that a machine without the means skips instead of failing.
/// </summary>
public sealed class LabFixture : IAsyncLifetime
{
    private readonly Lazy<Laboratory> _lab = new(() => Laboratory.Create());

    /// <summary>The laboratory; skips the test where there can be none.</summary>
    public Laboratory Lab
    {
        get
        {
            RequiresLab.OrSkip();
            return _lab.Value;
        }
    }

    /// <inheritdoc />
    public Task InitializeAsync() => Task.CompletedTask;

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        if (_lab.IsValueCreated)
        {
            await _lab.Value.DisposeAsync();
        }
    }
}
