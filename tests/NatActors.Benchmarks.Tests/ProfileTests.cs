using NatActors.Benchmarks.Profile;

namespace NatActors.Benchmarks.Tests;

public class ProfileTests
{
    [Theory]
    [InlineData(
        "instance bool [NatActors.Node] NatActors.Node.Muxing.YamuxLink::Take(int32,uint8[])[OptimizedTier1] (/run/perf-1.map)", "Muxing.YamuxLink.Take")]
    [InlineData(
        "instance void [System.Private.CoreLib] System.Runtime.CompilerServices.AsyncTaskMethodBuilder`1+Box`1[System.__Canon,A.B+<C>d__1]::MoveNext()[Tier0] (/run/perf-1.map)",
        "CompilerServices.AsyncTaskMethodBuilder.MoveNext")]
    [InlineData("void [App] Program::Main() (/run/perf-1.map)", "Program.Main")]
    [InlineData("tcp_sendmsg ([kernel.kallsyms])", "tcp_sendmsg")]
    [InlineData("[unknown] (/usr/lib/libcrypto.so.3)", "[libcrypto.so.3]")]
    public void A_function_is_named_as_a_reader_knows_it(string frame, string expected) => Assert.Equal(expected, FunctionName.Of(frame));

    [Fact]
    public void Samples_are_added_up_by_process_alone_and_with_what_was_called()
    {
        var samples = Read(
            """
             7
            	 10 inner (lib)
            	 20 outer (lib)

             7
            	 20 outer (lib)
            	 20 outer (lib)

             8
            	 30 other (lib)
            """);
        var lines = samples.Of(7).Lines("seven").ToList();
        Assert.Equal("seven: 2 samples", lines[0]);
        Assert.Equal(["    50.0 %  inner", "    50.0 %  outer"], lines[2..4]);
        Assert.Equal(["   100.0 %  outer", "    50.0 %  inner"], lines[5..7]);
        Assert.Equal(1, samples.Of(8).Samples);
        Assert.Equal(0, samples.Of(9).Samples);
    }

    [Fact]
    public void The_yardsticks_own_work_is_left_out() => Assert.Equal(
        0, Read("1\n\t10 send (lib)\n\t20 void [B] B.Peers.BareSocket::Send() (map)\n").Of(1).Samples);

    private static PerfSamples Read(string text)
    {
        var samples = new PerfSamples();
        foreach (var line in text.Split('\n'))
        {
            samples.Take(line);
        }

        samples.TakeEnd();
        return samples;
    }
}
