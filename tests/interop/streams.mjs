// The two stream protocols that js-libp2p does not bring: an echo, and perf (8 bytes big-endian: how many bytes to send back).
export const ECHO = '/echo/1.0.0'
export const PERF = '/perf/1.0.0'

const CHUNK = 65536
const zeros = new Uint8Array(CHUNK)

async function send (stream, bytes) {
  if (!stream.send(bytes)) await stream.onDrain()
}

async function sendZeros (stream, count) {
  for (let left = count; left > 0; left -= CHUNK) await send(stream, left < CHUNK ? zeros.subarray(0, left) : zeros)
}

// A byte for every offset, with no period that a lost or doubled frame could hide in.
const pattern = (offset) => (Math.imul(offset ^ (offset >>> 15), 0x2c1b3c6d) >>> 13) & 0xff

export async function serveEcho (stream) {
  try {
    for await (const bytes of stream) await send(stream, bytes)
    await stream.close()
  } catch (thrown) {
    stream.abort(thrown)
  }
}

export async function servePerf (stream) {
  try {
    let header = Buffer.alloc(0)
    for await (const bytes of stream) {
      if (header.length < 8) header = Buffer.concat([header, bytes.subarray()])
    }
    await sendZeros(stream, Number(header.readBigUInt64BE()))
    await stream.close()
  } catch (thrown) {
    stream.abort(thrown)
  }
}

// Sends `count` bytes and checks every byte that comes back, both at once.
export async function echo (stream, count) {
  const started = performance.now()
  const sending = (async () => {
    for (let offset = 0; offset < count; offset += CHUNK) {
      const size = Math.min(CHUNK, count - offset)
      await send(stream, Uint8Array.from({ length: size }, (_, i) => pattern(offset + i)))
    }
    await stream.close()
  })()
  let received = 0
  const receiving = (async () => {
    for await (const part of stream) {
      for (const byte of part.subarray()) {
        if (byte !== pattern(received)) throw new Error(`byte ${received} came back changed`)
        received++
      }
    }
    if (received !== count) throw new Error(`${received} of ${count} bytes came back`)
  })()
  await finish(stream, sending, receiving)
  return { bytes: received, ms: performance.now() - started }
}

export async function perf (stream, upload, download) {
  const started = performance.now()
  const header = Buffer.alloc(8)
  header.writeBigUInt64BE(BigInt(download))
  let uploadMs
  const sending = (async () => {
    await send(stream, header)
    await sendZeros(stream, upload)
    await stream.close()
    uploadMs = performance.now() - started
  })()
  let received = 0
  let firstMs
  const receiving = (async () => {
    for await (const part of stream) {
      firstMs ??= performance.now() - started
      received += part.byteLength
    }
    if (received !== download) throw new Error(`${received} of ${download} bytes came back`)
  })()
  await finish(stream, sending, receiving)
  const endMs = performance.now() - started
  return { uploadBytes: upload, uploadMs: firstMs ?? uploadMs, downloadBytes: download, downloadMs: endMs - (firstMs ?? uploadMs) }
}

async function finish (stream, ...halves) {
  try {
    await Promise.all(halves)
  } catch (thrown) {
    stream.abort(thrown)
    throw thrown
  }
}
