using NatActors.Multiformats.Tests.Shared;

namespace NatActors.Multiformats.Tests;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class KeyFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("natactors-key-").FullName;

    private string KeyPath => Path.Combine(_folder, "identity.key");

    [Fact]
    public void Makes_a_key_once_readable_by_its_owner_alone_and_loads_it_from_then_on()
    {
        var first = KeyFile.Open(KeyPath, new SeededRandom(1));
        Assert.True(first.Created);
        Assert.Null(first.Warning);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyPath));
        var second = KeyFile.Open(KeyPath, new SeededRandom(2));
        Assert.False(second.Created);
        Assert.Equal(first.Key.PeerId, second.Key.PeerId);
        Assert.Equal(first.Key.ToProtobuf(), File.ReadAllBytes(KeyPath));
        Assert.Equal([KeyPath], Directory.GetFiles(_folder));
        Assert.Equal(first.Key.PeerId, KeyFile.LoadOrCreate(KeyPath, new SeededRandom(3)).PeerId);
    }

    [Fact]
    public void Many_that_start_at_once_agree_on_one_key()
    {
        var ids = new PeerId[16];
        Parallel.For(0, ids.Length, i => ids[i] = KeyFile.Open(KeyPath, new SeededRandom(i)).Key.PeerId);
        Assert.Single(ids.Distinct());
        Assert.Equal([KeyPath], Directory.GetFiles(_folder));
    }

    [Fact]
    public void Warns_when_others_can_read_it()
    {
        KeyFile.Open(KeyPath, new SeededRandom(1)).Key.Dispose();
        File.SetUnixFileMode(KeyPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var result = KeyFile.Open(KeyPath, new SeededRandom(1));
        Assert.Contains("chmod 600", result.Warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a key at all")]
    [InlineData("\b\u0001\u0012@")]
    public void Refuses_what_is_no_key_and_leaves_it_alone(string content)
    {
        File.WriteAllText(KeyPath, content);
        var error = Assert.Throws<KeyFileException>(() => KeyFile.Open(KeyPath, new SeededRandom(1)));
        Assert.Equal(KeyFileProblem.NotAKey, error.Problem);
        Assert.Contains(KeyPath, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(content, File.ReadAllText(KeyPath));
    }

    [Fact]
    public void Refuses_a_file_too_large_for_a_key_without_reading_it()
    {
        File.WriteAllBytes(KeyPath, new byte[PrivateKey.MaxLength + 1]);
        Assert.Equal(KeyFileProblem.NotAKey, Assert.Throws<KeyFileException>(() => KeyFile.Load(KeyPath)).Problem);
    }

    [Fact]
    public void Says_what_to_do_when_the_place_cannot_be_used()
    {
        var nowhere = Path.Combine(_folder, "absent", "identity.key");
        var error = Assert.Throws<KeyFileException>(() => KeyFile.Open(nowhere, new SeededRandom(1)));
        Assert.Equal(KeyFileProblem.NotAccessible, error.Problem);
        Assert.Contains("folder", error.Message, StringComparison.Ordinal);
        Assert.Equal(KeyFileProblem.NotAccessible, Assert.Throws<KeyFileException>(() => KeyFile.Open(_folder, new SeededRandom(1))).Problem);
        Assert.Equal(KeyFileProblem.NotAccessible, Assert.Throws<KeyFileException>(() => KeyFile.Load(KeyPath)).Problem);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Never_follows_a_dangling_link_to_make_a_key_elsewhere()
    {
        var target = Path.Combine(_folder, "elsewhere");
        File.CreateSymbolicLink(KeyPath, target);
        Assert.Throws<KeyFileException>(() => KeyFile.Open(KeyPath, new SeededRandom(1)));
        Assert.False(File.Exists(target));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
