// What the peer tells unasked: one JSON object a line on stdout.
export function emit (event, fields) {
  process.stdout.write(JSON.stringify({ event, ...fields }, (_, value) => (typeof value === 'bigint' ? Number(value) : value)) + '\n')
}

export const describe = (thrown) => {
  const causes = (thrown?.errors ?? []).map((error) => error.message)
  return [`${thrown?.name ?? 'Error'}: ${thrown?.message ?? thrown}`, ...causes].join('; ')
}

export const isRelayed = (connection) => connection.remoteAddr.toString().includes('/p2p-circuit')

export const connectionFacts = (connection) => ({
  peer: connection.remotePeer.toString(),
  addr: connection.remoteAddr.toString(),
  direction: connection.direction,
  relayed: isRelayed(connection),
  limited: connection.limits !== undefined,
  muxer: connection.multiplexer,
  security: connection.encryption
})

export function report (node) {
  const on = (name, tell) => node.addEventListener(name, ({ detail }) => tell(detail))
  on('connection:open', (connection) => {
    emit('connected', connectionFacts(connection))
    const others = node.getConnections(connection.remotePeer)
    if (!isRelayed(connection) && others.some(isRelayed)) emit('upgraded', connectionFacts(connection))
  })
  on('connection:close', (connection) => emit('disconnected', connectionFacts(connection)))
  on('peer:identify', (found) => emit('identified', {
    peer: found.peerId.toString(),
    agent: found.agentVersion,
    protocolVersion: found.protocolVersion,
    protocols: found.protocols,
    listenAddrs: found.listenAddrs.map(String),
    observed: found.observedAddr?.toString(),
    signed: found.signedPeerRecord !== undefined,
    relayed: isRelayed(found.connection)
  }))
  let known = ''
  on('self:peer:update', () => {
    const addrs = node.getMultiaddrs().map(String).sort()
    if (known !== (known = addrs.join())) emit('addresses', { addrs })
  })
}
