namespace NatActors.Fuzz.Engine;

/// <summary>How an input is built, so that the mutations keep most of it meaningful. Every input stays legal for every entry.</summary>
public enum InputShape
{
    /// <summary>Bytes of no structure that is known here.</summary>
    Bytes,

    /// <summary>Text in UTF-8: words and separators are moved, numbers changed.</summary>
    Text,

    /// <summary>
    /// One protobuf message: fields are duplicated, reordered, removed, truncated, their lengths and numbers changed, at any depth.
    /// </summary>
    Protobuf,

    /// <summary>
    /// Messages with a varint length in front, each mutated as <see cref="Protobuf"/> or dropped, repeated, swapped, lied about.
    /// </summary>
    LengthPrefixed,

    /// <summary>
    /// Events of a machine, see <see cref="MachineEntry"/>: inserted, removed, repeated, swapped, their arguments and times changed.
    /// </summary>
    Events,
}

/// <summary>
/// What an input may cost at most: a constant and so much for each byte. Stated by the entry, deliberately tight: double of what good
/// inputs need, not of what the worst happen to take.
/// </summary>
/// <param name="AllocatedPerByte">Bytes of managed memory allocated for each byte of input.</param>
/// <param name="AllocatedConstant">Bytes allocated whatever the input.</param>
/// <param name="StepsPerByte">Basic blocks of our own code executed for each byte of input; counted in instrumented runs.</param>
/// <param name="StepsConstant">Basic blocks executed whatever the input.</param>
public readonly record struct FuzzBounds(int AllocatedPerByte, int AllocatedConstant, int StepsPerByte, int StepsConstant)
{
    /// <summary>Fits most decoders.</summary>
    public static FuzzBounds Decoder { get; } =
        new(AllocatedPerByte: 64, AllocatedConstant: 8 * 1024, StepsPerByte: 64, StepsConstant: 4 * 1024);

    /// <summary>Fits most machines: an event is at least three bytes.</summary>
    public static FuzzBounds Machine { get; } =
        new(AllocatedPerByte: 512, AllocatedConstant: 64 * 1024, StepsPerByte: 512, StepsConstant: 16 * 1024);

    /// <summary>Managed bytes allowed for an input of that length.</summary>
    public long Allocated(int length) => AllocatedConstant + ((long)AllocatedPerByte * length);

    /// <summary>Steps allowed for an input of that length.</summary>
    public long Steps(int length) => StepsConstant + ((long)StepsPerByte * length);
}

/// <summary>What an input came to.</summary>
/// <param name="Accepted">It was taken as valid; false when it was refused as a value. Both are good.</param>
/// <param name="Digest">A digest of all that could be observed: the same input, however delivered, must give the same.</param>
public readonly record struct FuzzOutcome(bool Accepted, ulong Digest)
{
    /// <summary>The input was taken; the digest is of what it was taken for.</summary>
    public static FuzzOutcome Taken(FuzzDigest digest) => new(true, digest.Value);

    /// <summary>The input was refused for a reason.</summary>
    public static FuzzOutcome Refused<TReason>(TReason reason)
        where TReason : struct, Enum => new(false, (ulong)EqualityComparer<TReason>.Default.GetHashCode(reason));
}

/// <summary>
/// One decoder or machine under fuzzing. To add one, derive from this class, <see cref="ChunkedEntry"/> or <see cref="MachineEntry"/> in
/// <c>Entries/…</c> with a constructor without parameters; it is found by reflection. One class, one file.
/// </summary>
/// <remarks>
/// An exception of any kind, a failed assertion and a failed <see cref="Require"/> are failures; so is more memory or work than
/// <see cref="Bounds"/>. An entry keeps nothing from one input to the next, and uses no clock and no randomness but <see
/// cref="FuzzRandomSource"/>.
/// </remarks>
public abstract class FuzzEntry
{
    /// <summary>
    /// The name: ring, slice and subject in small letters with dots, e.g. <c>multiformats.multiaddr.text</c>; also the name of its corpus
    /// file.
    /// </summary>
    public abstract string Name { get; }

    /// <summary>How inputs are built.</summary>
    public abstract InputShape Shape { get; }

    /// <summary>What an input may cost.</summary>
    public abstract FuzzBounds Bounds { get; }

    /// <summary>
    /// About how many microseconds an input takes; the number of inputs of a common run is divided by its root. Default 1; a signature
    /// takes 100 and more.
    /// </summary>
    public virtual int Cost => 1;

    /// <summary>Longest input that is made up, in bytes. Default 2,048.</summary>
    public virtual int MaxLength => 2048;

    /// <summary>Valid inputs to begin with, the same ones each time. What was recorded stands in the corpus instead.</summary>
    public abstract IEnumerable<byte[]> Seeds();

    /// <summary>Words of the grammar that mutations insert now and then. Default none.</summary>
    public virtual IReadOnlyList<byte[]> Words => [];

    /// <summary>Feeds one input.</summary>
    public abstract FuzzOutcome Run(ReadOnlySpan<byte> input);

    /// <summary>The input in words, for the report of a failure; null when hex says it best.</summary>
    public virtual string? Describe(ReadOnlySpan<byte> input) => null;
}
