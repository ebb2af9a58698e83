// The peer's key: random, or made from a seed so that a test knows the peer id beforehand.
import { generateKeyPair, generateKeyPairFromSeed, privateKeyFromRaw } from '@libp2p/crypto/keys'

const SEED_BYTES = 32

export async function readIdentity (type, seed) {
  if (seed === undefined) return generateKeyPair(type)
  const bytes = Uint8Array.from(Buffer.from(seed, 'hex'))
  if (bytes.length !== SEED_BYTES) throw new Error(`a seed has ${SEED_BYTES} bytes in hex`)
  switch (type) {
    case 'Ed25519': return generateKeyPairFromSeed(type, bytes)
    case 'secp256k1': return privateKeyFromRaw(bytes)
    default: throw new Error(`${type} keys cannot be made from a seed`)
  }
}
