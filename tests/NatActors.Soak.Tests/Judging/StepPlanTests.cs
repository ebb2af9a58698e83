using NatActors.Soak.Tests.Steps;

namespace NatActors.Soak.Tests.Judging;

public class StepPlanTests
{
    [Fact]
    public void A_seed_gives_the_same_steps_again_and_another_one_others()
    {
        var steps = new StepPlan(5, 3, 200, 60).Round(2).ToList();
        Assert.Equal(steps, new StepPlan(5, 3, 200, 60).Round(2));
        Assert.NotEqual(steps, new StepPlan(6, 3, 200, 60).Round(2));
        Assert.NotEqual(steps, new StepPlan(5, 3, 200, 60).Round(3));
    }

    [Fact]
    public void The_plain_run_has_every_kind_of_disturbance_by_its_own_seed()
    {
        var plain = SoakOptions.Short();
        var plan = new StepPlan(SoakOptions.PlainSeed, 3, plain.StepsPerRound, plain.StepsForOneDisturbance);
        var steps = Enumerable.Range(0, plain.LeastRounds).SelectMany(plan.Round).Where(step => step.Disturbs).Select(step => step.Kind);
        Assert.Equal(Enum.GetValues<StepKind>().Where(kind => kind > StepKind.ProbeAgain), steps.Distinct().Order());
    }

    [Fact]
    public void Every_kind_of_step_comes_and_none_goes_to_the_node_that_it_comes_from()
    {
        var steps = new StepPlan(1, 3, 6000, 60).Round(0).ToList();
        Assert.Equal(Enum.GetValues<StepKind>(), steps.Select(step => step.Kind).Distinct().Order());
        Assert.All(steps, step => Assert.True(step.From != step.To && step.To is >= 0 and < 3));
        Assert.Equal(100, steps.Count(step => step.Disturbs));
    }
}
