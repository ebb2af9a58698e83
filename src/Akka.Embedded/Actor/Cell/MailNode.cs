namespace Akka.Actor;

/// <summary>A message in a mailbox. Nodes are used again, see <see cref="RuntimeThread"/>.</summary>
internal sealed class MailNode
{
    public object Message = null!;
    public IActorRef? Sender;
    public MailNode? Next;
}
