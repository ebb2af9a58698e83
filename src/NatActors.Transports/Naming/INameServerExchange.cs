using System.Net;

namespace NatActors.Transports.Naming;

/// <summary>Brings one question to one name server and its answer back.</summary>
public interface INameServerExchange
{
    /// <summary>Sends the query from a port of its own and waits for the answer, however long it takes.</summary>
    /// <param name="server">The server; what others send is not heard.</param>
    /// <param name="query">The query.</param>
    /// <param name="overTcp">True over TCP, each message behind its length in two bytes (RFC 1035 section 4.2.2); false over UDP.</param>
    /// <param name="mayAnswer">False for a message that is no answer to this query: it is passed over.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">The server cannot be asked, or hung up; the message says why.</exception>
    Task<ReadOnlyMemory<byte>> AskAsync(
        IPEndPoint server,
        ReadOnlyMemory<byte> query,
        bool overTcp,
        Func<ReadOnlyMemory<byte>, bool> mayAnswer,
        CancellationToken cancellationToken);
}
