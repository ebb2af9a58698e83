namespace Akka.Dispatch;

/// <summary>Marks what a mailbox is to be good for.</summary>
public interface ISemantics;

/// <summary>An actor that needs a mailbox of a kind; the embedded runtime's one mailbox serves all kinds.</summary>
public interface IRequiresMessageQueue<T>
    where T : ISemantics;
