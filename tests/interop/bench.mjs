// What the benchmarks have a peer do and time, the same that tests/NatActors.Benchmarks does with its own node.
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { peerIdFromString } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { ECHO, PERF, perf } from './streams.mjs'

// A guard, far above what any measurement takes.
const LIMIT_MS = 600_000
const CLOSE_LIMIT_MS = 2_000

const timed = async (work) => {
  const started = performance.now()
  await work()
  return performance.now() - started
}

async function many (count, atOnce, job) {
  let left = count
  const work = async (worker) => {
    while (left-- > 0) await job(worker)
  }
  await Promise.all(Array.from({ length: atOnce }, (_, worker) => work(worker)))
}

// Reads as many bytes as asked for, however they come.
function reader (stream) {
  const parts = stream[Symbol.asyncIterator]()
  let ready = 0
  return async (count) => {
    while (ready < count) {
      const { value, done } = await parts.next()
      if (done) throw new Error(`the stream ended ${count - ready} bytes early`)
      ready += value.byteLength
    }
    ready -= count
  }
}

async function send (stream, bytes) {
  if (!stream.send(bytes)) await stream.onDrain()
}

// The other side has closed too: js allows one ping stream at a time. It may be that it never does.
const closed = (stream) => stream.status === 'closed'
  ? undefined
  : Promise.race([
    new Promise((resolve) => stream.addEventListener('close', resolve, { once: true })),
    new Promise((resolve) => setTimeout(resolve, CLOSE_LIMIT_MS))
  ])

// A node that only dials, with what a connection needs.
const dialer = () => createLibp2p({
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: { identify: identify() }
})

const identifyOf = (node) => new Promise((resolve) => node.addEventListener('peer:identify', resolve, { once: true }))

async function connectOnce (node, addr) {
  const identified = identifyOf(node)
  const connection = await node.dial(addr)
  await identified
  await connection.close()
}

export function makeBenchCommands (node) {
  const open = (args, protocol) => node.dialProtocol(peerIdFromString(args.peer), protocol, {
    signal: AbortSignal.timeout(LIMIT_MS), runOnLimitedConnection: true
  })

  return {
    // {peer, upload, download, streams} → {ms: one a stream}, all at once
    async benchPerf (args) {
      const one = () => timed(async () => perf(await open(args, PERF), args.upload, args.download))
      return { ms: await Promise.all(Array.from({ length: args.streams }, one)) }
    },

    // {peer, protocol?, size, count} → {ms: one a message}, each after the last one's echo
    async benchRoundTrips (args) {
      const stream = await open(args, args.protocol ?? ECHO)
      const read = reader(stream)
      const ms = []
      for (let i = 0; i < args.count; i++) {
        ms.push(await timed(async () => {
          await send(stream, new Uint8Array(args.size))
          await read(args.size)
        }))
      }
      await stream.close()
      await closed(stream)
      return { ms }
    },

    // {peer, size, count} → {ms: [all]}, the messages echoed without waiting
    async benchPipeline (args) {
      const stream = await open(args, ECHO)
      const read = reader(stream)
      const all = await timed(async () => {
        const reading = read(args.size * args.count)
        for (let i = 0; i < args.count; i++) await send(stream, new Uint8Array(args.size))
        await reading
      })
      await stream.close()
      return { ms: [all] }
    },

    // {peer, size, count, atOnce} → {ms: [all]}, a stream for each message
    async benchRequests (args) {
      const request = async () => {
        const stream = await open(args, ECHO)
        await send(stream, new Uint8Array(args.size))
        await stream.close()
        let received = 0
        for await (const part of stream) received += part.byteLength
        if (received !== args.size) throw new Error(`${received} of ${args.size} bytes came back`)
      }
      return { ms: [await timed(() => many(args.count, args.atOnce, request))] }
    },

    // {addr, size} → {ms: [first answer over a new connection, first answer of a new stream on it]}, each from the asking on
    async benchFirstByte (args) {
      const one = await dialer()
      const identified = identifyOf(one)
      const answer = async () => {
        const stream = await one.dialProtocol(multiaddr(args.addr), ECHO)
        await send(stream, new Uint8Array(args.size))
        await reader(stream)(args.size)
      }
      const ms = [await timed(answer)]
      await identified
      ms.push(await timed(answer))
      await one.stop()
      return { ms }
    },

    // {addr, count, atOnce} → {ms: [all]}: connections made and closed, each by one of so many nodes
    async benchHandshakes (args) {
      const nodes = await Promise.all(Array.from({ length: args.atOnce }, dialer))
      const addr = multiaddr(args.addr)
      const ms = await timed(() => many(args.count, args.atOnce, (worker) => connectOnce(nodes[worker], addr)))
      await Promise.all(nodes.map((one) => one.stop()))
      return { ms: [ms] }
    }
  }
}
