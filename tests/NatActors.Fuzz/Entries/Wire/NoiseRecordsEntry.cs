using System.Buffers.Binary;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Wire.Security;

namespace NatActors.Fuzz.Entries.Wire;

/// <summary>
/// Noise records, sealed by an honest peer and then damaged, repeated, dropped, reordered: what is opened is what comes next, undamaged.
/// </summary>
public sealed class NoiseRecordsEntry : MachineEntry
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, NoiseCipher.KeyLength).Select(i => (byte)i)];

    public override string Name => "wire.noise.records";

    public override IReadOnlyList<string> EventNames { get; } = ["seal", "deliver", "damage", "truncate", "foreign", "drop", "in place"];

    public override FuzzBounds Bounds => new(AllocatedPerByte: 160, AllocatedConstant: 8 * 1024, StepsPerByte: 32, StepsConstant: 1024);

    public override int Cost => 80;

    public override int MaxLength => 600;

    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 5, 1).On(1, 0).On(0, 9, 2).On(2, 0, 3, 1).On(1, 0).ToArray(),
        new EventScript().On(0, 0).On(0, 40, 3).On(1, 1).On(1, 0).On(1, 1).On(6, 0).ToArray(),
        new EventScript().On(4, 1, 2, 3).On(0, 200).On(3, 0, 5).On(5, 0).On(6, 0).ToArray(),
    ];

    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new Exchange();

    private sealed class Exchange : IMachineRun
    {
        private const int MaxFrames = 8;

        private readonly NoiseCipher _sender = new(Key);
        private readonly NoiseCipher _receiver = new(Key);
        private readonly List<(byte[] Frame, byte[] Plaintext, int Number)> _frames = [];
        private int _sealed;
        private int _opened;

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            if (kind == 0)
            {
                Seal(ref arguments);
                return;
            }

            if (kind == 4)
            {
                Span<byte> plaintext = stackalloc byte[byte.MaxValue];
                Require.That(!_receiver.TryDecrypt(arguments.Remaining(), plaintext, out var written) && written == 0,
                    "bytes of nobody are opened");
                return;
            }

            if (_frames.Count == 0)
            {
                return;
            }

            var index = arguments.Below(_frames.Count);
            var (frame, expected, number) = _frames[index];
            switch (kind)
            {
                case 1 or 6:
                    Deliver(frame, expected, number, inPlace: kind == 6, ref digest);
                    break;
                case 2:
                    Open(Damaged(frame, ref arguments), [], good: false);
                    break;
                case 3:
                    Open(frame[..Math.Max(NoiseCipher.HeaderLength, frame.Length - 1 - arguments.Byte())], [], good: false);
                    break;
                default:
                    _frames.RemoveAt(index);
                    break;
            }
        }

        public void End(TimeSpan now, ref FuzzDigest digest)
        {
            digest.Add(_opened);
            _sender.Dispose();
            _receiver.Dispose();
        }

        private static byte[] Damaged(byte[] frame, ref EventArguments arguments)
        {
            var damaged = (byte[])frame.Clone();
            damaged[NoiseCipher.HeaderLength + arguments.Below(frame.Length - NoiseCipher.HeaderLength)] ^= (byte)(arguments.Byte() | 1);
            return damaged;
        }

        private void Seal(ref EventArguments arguments)
        {
            if (_frames.Count == MaxFrames)
            {
                return;
            }

            var plaintext = new byte[arguments.Byte()];
            plaintext.AsSpan().Fill(arguments.Byte());
            var frame = new byte[NoiseCipher.FrameLength(plaintext.Length)];
            Require.That(_sender.Encrypt(plaintext, frame) == frame.Length, "a frame is not as long as announced");
            Require.That(NoiseCipher.ReadHeader(frame) == BinaryPrimitives.ReadUInt16BigEndian(frame),
                "a header is read otherwise than written");
            _frames.Add((frame, plaintext, _sealed++));
        }

        private void Deliver(byte[] frame, byte[] expected, int number, bool inPlace, ref FuzzDigest digest)
        {
            var good = number == _opened;
            if (inPlace)
            {
                var copy = frame.AsSpan(NoiseCipher.HeaderLength).ToArray();
                Require.That(_receiver.TryDecrypt(copy, copy, out var written) == good, "out of order is opened, or in order is not");
                Require.That(!good || copy.AsSpan(0, written).SequenceEqual(expected), "another plaintext comes out, in place");
            }
            else
            {
                Open(frame, expected, good);
            }

            _opened += good ? 1 : 0;
            digest.Add(good);
        }

        private void Open(ReadOnlySpan<byte> frame, byte[] expected, bool good)
        {
            Span<byte> plaintext = stackalloc byte[byte.MaxValue];
            Require.That(_receiver.TryDecrypt(frame[NoiseCipher.HeaderLength..], plaintext, out var written) == good,
                "a record is opened that should not be, or is not");
            Require.That(!good || plaintext[..written].SequenceEqual(expected), "another plaintext comes out");
        }
    }
}
