// Two js peers and a js relay on loopback: shows that the peer does what the interop tests ask of it, without our node.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('peer.mjs', import.meta.url))
const loopback = ['--listen', '/ip4/127.0.0.1/tcp/0']

function start (t, ...args) {
  const process_ = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => process_.kill())
  const seen = []
  const waiting = []
  let commands = 0
  createInterface({ input: process_.stdout }).on('line', (line) => {
    const event = JSON.parse(line)
    const at = waiting.findIndex(({ wanted }) => wanted(event))
    if (at < 0) seen.push(event)
    else waiting.splice(at, 1)[0].resolve(event)
  })
  const expect = (wanted) => {
    const at = seen.findIndex(wanted)
    return at < 0 ? new Promise((resolve) => waiting.push({ wanted, resolve })) : Promise.resolve(seen.splice(at, 1)[0])
  }
  return {
    process: process_,
    event: (name) => expect((event) => event.event === name),
    async ask (name, args = {}) {
      const id = ++commands
      process_.stdin.write(JSON.stringify({ id, do: name, ...args }) + '\n')
      const answer = await expect((event) => event.id === id)
      if (answer.event === 'failed') throw new Error(answer.error)
      return answer
    }
  }
}

for (const type of ['Ed25519', 'secp256k1', 'RSA']) {
  test(`dial, identify, ping, echo and perf with a ${type} key`, { timeout: 60_000 }, async (t) => {
    const server = start(t, ...loopback, '--echo', '--perf', '--key-type', type)
    const client = start(t)
    const { addrs: [addr], peerId: peer } = await server.event('started')
    await client.event('started')
    const dialed = await client.ask('dial', { addr })
    assert.deepEqual([dialed.peer, dialed.relayed, dialed.limited], [peer, false, false])
    assert.ok((await client.event('identified')).protocols.includes('/echo/1.0.0'))
    assert.equal((await client.ask('ping', { peer, count: 2 })).ms.length, 2)
    assert.equal((await client.ask('echo', { peer, bytes: 1_000_000 })).bytes, 1_000_000)
    assert.equal((await client.ask('perf', { peer, upload: 500_000, download: 300_000 })).downloadBytes, 300_000)
    await assert.rejects(client.ask('openStream', { peer, protocol: '/nobody/1.0.0' }), /protocol/i)
    await client.ask('close', { peer })
    assert.deepEqual((await client.ask('connections')).connections, [])
  })
}

test('the same seed gives the same identity', { timeout: 60_000 }, async (t) => {
  const seed = '07'.repeat(32)
  const first = await start(t, '--seed', seed).event('started')
  const second = await start(t, '--seed', seed).event('started')
  assert.equal(first.peerId, second.peerId)
})

test('a peer reserves at a relay and is reached through it', { timeout: 60_000 }, async (t) => {
  const relay = start(t, ...loopback, '--relay-server')
  const { addrs: [relayAddr] } = await relay.event('started')
  const target = start(t, '--echo')
  const { peerId: peer } = await target.event('started')
  const { addrs: [addr] } = await target.ask('reserve', { relay: relayAddr })
  assert.ok(addr.startsWith(`${relayAddr}/p2p-circuit`), addr)
  assert.deepEqual((await relay.ask('reservations')).peers, [peer])
  const client = start(t)
  await client.event('started')
  const dialed = await client.ask('dial', { addr })
  assert.deepEqual([dialed.peer, dialed.relayed, dialed.limited], [peer, true, true])
  assert.equal((await client.ask('echo', { peer, bytes: 10_000, path: 'relayed' })).bytes, 10_000)
})

test('a peer ends when its input ends', { timeout: 60_000 }, async (t) => {
  const peer = start(t)
  await peer.event('started')
  peer.process.stdin.end()
  assert.equal(await new Promise((resolve) => peer.process.once('exit', resolve)), 0)
})
