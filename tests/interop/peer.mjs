// A js-libp2p peer that a test drives: options on the command line, commands as JSON lines on stdin, events as JSON lines on stdout.
// Every command {"id": N, "do": NAME, …} is answered by exactly one {"event": "done", "id": N, …} or {"event": "failed", "id": N, "error"}.
// The peer ends when stdin does. What it can do stands in commands.mjs, what it tells unasked in events.mjs.
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { autoNAT } from '@libp2p/autonat'
import { autoNATv2 } from '@libp2p/autonat-v2'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { dcutr } from '@libp2p/dcutr'
import { identify, identifyPush } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { makeCommands } from './commands.mjs'
import { describe, emit, report } from './events.mjs'
import { readIdentity } from './identity.mjs'
import { ECHO, PERF, serveEcho, servePerf } from './streams.mjs'

const { values: options } = parseArgs({
  options: {
    listen: { type: 'string', multiple: true, default: [] }, // multiaddrs; a relay's address ending in /p2p-circuit reserves there
    announce: { type: 'string', multiple: true, default: [] }, // announced instead of the listen addresses
    'append-announce': { type: 'string', multiple: true, default: [] }, // announced too, taken as verified
    'key-type': { type: 'string', default: 'Ed25519' }, // Ed25519, secp256k1, RSA, ECDSA
    seed: { type: 'string' }, // 64 hex digits: the same identity each time (Ed25519, secp256k1)
    'relay-server': { type: 'boolean', default: false },
    'relay-reservations': { type: 'string' }, // how many at once; js: 15
    'relay-ttl': { type: 'string' }, // of a reservation, ms; js: 7,200,000
    'relay-data': { type: 'string' }, // bytes a circuit may carry; js: 131,072
    'relay-duration': { type: 'string' }, // ms a circuit may last; js: 120,000
    'relay-unlimited': { type: 'boolean', default: false },
    dcutr: { type: 'boolean', default: false },
    autonat: { type: 'boolean', default: false },
    'autonat-v2': { type: 'boolean', default: false },
    echo: { type: 'boolean', default: false },
    perf: { type: 'boolean', default: false },
    'no-early-muxer': { type: 'boolean', default: false }, // says nothing of muxers in Noise, so that they are negotiated after it
    'inbound-threshold': { type: 'string' }, // accepted connections a second from one host before js resets; js: 5
    'inbound-pending': { type: 'string' } // accepted connections not upgraded yet before js resets; js: 10
  }
})

const number = (text) => (text === undefined ? undefined : Number(text))

function services () {
  const wanted = { identify: identify(), identifyPush: identifyPush(), ping: ping() }
  if (options['relay-server']) {
    wanted.relay = circuitRelayServer({
      reservations: {
        maxReservations: number(options['relay-reservations']),
        reservationTtl: number(options['relay-ttl']),
        defaultDurationLimit: number(options['relay-duration']),
        defaultDataLimit: options['relay-data'] === undefined ? undefined : BigInt(options['relay-data']),
        applyDefaultLimit: !options['relay-unlimited']
      }
    })
  }
  if (options.dcutr) wanted.dcutr = dcutr()
  if (options.autonat) wanted.autonat = autoNAT()
  if (options['autonat-v2']) wanted.autonatV2 = autoNATv2()
  return wanted
}

// Noise with the option that js's own callers set for transports that bring a muxer, here for every connection.
function noiseWithoutMuxers () {
  return (components) => {
    const upgrade = noise()(components)
    for (const name of ['secureOutbound', 'secureInbound']) {
      const secure = upgrade[name].bind(upgrade)
      upgrade[name] = (connection, given) => secure(connection, { ...given, skipStreamMuxerNegotiation: true })
    }
    return upgrade
  }
}

const threshold = number(options['inbound-threshold'])
const pending = number(options['inbound-pending'])
const node = await createLibp2p({
  start: false,
  privateKey: await readIdentity(options['key-type'], options.seed),
  addresses: { listen: options.listen, announce: options.announce, appendAnnounce: options['append-announce'] },
  transports: [tcp(), circuitRelayTransport()],
  connectionEncrypters: [options['no-early-muxer'] ? noiseWithoutMuxers() : noise()],
  streamMuxers: [yamux()],
  connectionManager: {
    ...threshold !== undefined && { inboundConnectionThreshold: threshold },
    ...pending !== undefined && { maxIncomingPendingConnections: pending }
  },
  services: services()
})

report(node)
if (options.echo) await node.handle(ECHO, serveEcho, { runOnLimitedConnection: true, maxInboundStreams: 1024, maxOutboundStreams: 1024 })
if (options.perf) await node.handle(PERF, servePerf, { runOnLimitedConnection: true, maxInboundStreams: 1024, maxOutboundStreams: 1024 })
process.on('uncaughtException', (thrown) => emit('error', { error: String(thrown?.stack ?? thrown) }))
process.on('unhandledRejection', (thrown) => emit('error', { error: String(thrown?.stack ?? thrown) }))

await node.start()
emit('started', { peerId: node.peerId.toString(), addrs: node.getMultiaddrs().map(String) })

async function stop () {
  await node.stop()
  process.exit(0)
}

const commands = makeCommands(node)
const lines = createInterface({ input: process.stdin })
lines.on('line', async (line) => {
  const { id, do: name, ...args } = JSON.parse(line)
  if (name === 'stop') {
    await stop()
  }
  try {
    if (commands[name] === undefined) throw new Error(`no command '${name}'`)
    emit('done', { id, ...await commands[name](args) })
  } catch (thrown) {
    emit('failed', { id, error: describe(thrown) })
  }
})
lines.on('close', stop)
