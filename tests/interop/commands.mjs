// What a test can ask of the peer.
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { makeBenchCommands } from './bench.mjs'
import { connectionFacts, isRelayed } from './events.mjs'
import { ECHO, PERF, echo, perf } from './streams.mjs'

const COMMAND_LIMIT_MS = 60_000

export function makeCommands (node) {
  const open = new Map()
  let streams = 0

  const target = (args) => (args.addr === undefined ? peerIdFromString(args.peer) : multiaddr(args.addr))
  const limit = (args) => AbortSignal.timeout(args.timeoutMs ?? COMMAND_LIMIT_MS)

  // `path` is "direct", "relayed" or absent: whatever js prefers, dialing if it must.
  async function openStream (args, protocol) {
    const options = { signal: limit(args), runOnLimitedConnection: args.limitedOk ?? true, negotiateFully: true }
    if (args.path === undefined) return node.dialProtocol(target(args), protocol, options)
    const found = node.getConnections(peerIdFromString(args.peer)).find((one) => isRelayed(one) === (args.path === 'relayed'))
    if (found === undefined) throw new Error(`no ${args.path} connection to ${args.peer}`)
    return found.newStream(protocol, options)
  }

  return {
    ...makeBenchCommands(node),

    // {addr | peer, force?} → the connection
    async dial (args) {
      return connectionFacts(await node.dial(target(args), { signal: limit(args), force: args.force }))
    },

    // {addr | peer, count?} → {ms: […]}
    async ping (args) {
      const ms = []
      for (let i = 0; i < (args.count ?? 1); i++) ms.push(await node.services.ping.ping(target(args), { signal: limit(args) }))
      return { ms }
    },

    // {addr | peer, bytes, path?, limitedOk?} → {bytes, ms}; every byte was checked
    async echo (args) {
      return echo(await openStream(args, ECHO), args.bytes)
    },

    // {addr | peer, upload, download, path?} → {uploadBytes, uploadMs, downloadBytes, downloadMs}
    async perf (args) {
      return perf(await openStream(args, PERF), args.upload, args.download)
    },

    // {relay: multiaddr} → {addrs}: what the peer may now be reached at, through that relay
    async reserve (args) {
      await node.components.transportManager.listen([multiaddr(args.relay).encapsulate('/p2p-circuit')])
      return { addrs: node.getMultiaddrs().map(String).filter((addr) => addr.includes('/p2p-circuit')) }
    },

    // {addr | peer, protocol, path?, limitedOk?} → {stream, protocol}
    async openStream (args) {
      const stream = await openStream(args, args.protocol)
      open.set(++streams, stream)
      return { stream: streams, protocol: stream.protocol }
    },

    // {protocol} is served from now on, by closing every stream
    async handle (args) {
      await node.handle(args.protocol, (stream) => stream.close())
    },

    // {stream} half-closes it, {stream, reset: true} resets it
    async closeStream (args) {
      const stream = open.get(args.stream)
      if (args.reset === true) stream.abort(new Error('reset by command'))
      else await stream.close()
      open.delete(args.stream)
    },

    // {peer} → all connections to it are closed
    async close (args) {
      await node.hangUp(peerIdFromString(args.peer))
    },

    async connections () {
      return { connections: node.getConnections().map(connectionFacts) }
    },

    // → {peers}: who holds a reservation here (a relay server)
    async reservations () {
      return { peers: [...node.services.relay.reservations.keys()].map(String) }
    },

    async addresses () {
      return { addrs: node.getMultiaddrs().map(String) }
    }
  }
}
