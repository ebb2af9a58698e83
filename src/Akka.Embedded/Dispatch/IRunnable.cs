namespace Akka.Dispatch;

/// <summary>Something to run.</summary>
public interface IRunnable
{
    void Run();
}
