import { posixFields } from './device-tables.ts'
import type { Columns, Json, Scene } from './scene.ts'
import { badSites, publicIp, sites, url } from './vocabulary.ts'

type NetworkAction =
  | 'ConnectionSuccess'
  | 'ConnectionFailed'
  | 'ConnectionRequest'
  | 'InboundConnectionAccepted'
  | 'ListeningConnectionCreated'
  | 'ConnectionFound'
  | 'NetworkSignatureInspected'
  | 'DnsConnectionInspected'
  | 'HttpConnectionInspected'
  | 'SslConnectionInspected'
  | 'IcmpConnectionInspected'

const actions: readonly NetworkAction[] = [
  ...Array<NetworkAction>(12).fill('ConnectionSuccess'),
  'ConnectionFailed',
  'ConnectionFailed',
  'ConnectionRequest',
  'ConnectionRequest',
  'InboundConnectionAccepted',
  'ListeningConnectionCreated',
  'ConnectionFound',
  'NetworkSignatureInspected',
  'DnsConnectionInspected',
  'DnsConnectionInspected',
  'HttpConnectionInspected',
  'SslConnectionInspected',
  'IcmpConnectionInspected',
]

const remotePorts = [443, 443, 443, 80, 53, 445, 389, 88, 135, 3389, 5671, 8443] as const

export function deviceNetworkEvents(scene: Scene): Columns {
  const { random, device } = scene
  scene.process = scene.tree().any()
  const action = random.pick(actions)
  const inspected = action.endsWith('Inspected')
  const inbound = action === 'InboundConnectionAccepted' || (inspected && random.chance(0.3))
  const listening = action === 'ListeningConnectionCreated'
  const outside = !inbound && random.chance(0.7)
  const six = random.chance(0.06)
  const ephemeral = random.between(49_152, 65_535)
  const service = random.pick(remotePorts)
  return {
    ActionType: action,
    RemoteIP: listening ? '' : six ? `2001:db8:0:${random.below(99)}:0:0:0:1077` : remoteAddress(scene, outside),
    RemotePort: listening ? random.pick([null, '']) : inbound ? ephemeral : service,
    RemoteUrl: outside && !listening ? remoteUrl(scene) : random.pick([null, '']),
    LocalIP: listening ? '0.0.0.0' : six ? device.ip6 : device.ip,
    LocalPort: inbound || listening ? service : ephemeral,
    Protocol: transport(action, service, six),
    LocalIPType: listening ? 'None' : six ? 'Public' : 'Private',
    RemoteIPType: listening ? '' : six ? 'Public' : outside ? 'Public' : 'Private',
    LogonID: scene.process.logonId,
    AdditionalFields: inspected ? inspection(scene, action, inbound) : posixFields(device.os, scene.process) || null,
  }
}

function remoteAddress({ random }: Scene, outside: boolean): string {
  return outside ? publicIp(random) : `10.20.0.${random.below(255)}`
}

function remoteUrl({ random }: Scene): string {
  const site = random.pick(random.chance(0.02) ? badSites : sites)
  return random.chance(0.6) ? site : url(random, site)
}

function transport(action: NetworkAction, port: number, six: boolean): string {
  if (action === 'IcmpConnectionInspected') return 'Icmp'
  if (action === 'DnsConnectionInspected' || port === 53) return 'Udp'
  if (action === 'ListeningConnectionCreated') return six ? 'TcpV6' : 'TcpV4'
  return 'Tcp'
}

/** What the network inspection adds, as JSON text; all values are text. */
function inspection(scene: Scene, action: NetworkAction, inbound: boolean): string {
  const direction = inbound ? 'In' : 'Out'
  const { random } = scene
  switch (action) {
    case 'DnsConnectionInspected':
      return JSON.stringify({ direction, conn_state: 'SF', ...dnsAnswer(scene) })
    case 'HttpConnectionInspected':
      return JSON.stringify({
        direction,
        method: random.pick(['GET', 'POST']),
        host: random.pick(sites),
        uri: '/api/v1/items',
        status_code: '200',
        user_agent: 'Go-http-client/2.0',
        request_body_len: '0',
        response_body_len: String(random.below(90_000)),
      })
    case 'SslConnectionInspected':
      return JSON.stringify({
        direction,
        server_name: random.pick(sites),
        version: 'TLSv13',
        cipher: 'TLS_AES_256_GCM_SHA384',
        established: 'true',
        ja3: random.hex(32),
      })
    case 'NetworkSignatureInspected':
      return JSON.stringify({
        SignatureName: 'SMB_Client',
        SignatureMatchedContent: '%FESMB@',
        SamplePacketContent: '[]',
      })
    default:
      return JSON.stringify({ direction, conn_state: 'OTH', orig_bytes: '56', resp_bytes: '56' })
  }
}

function dnsAnswer({ random }: Scene): Record<string, Json> {
  const found = random.chance(0.85)
  const answers = found ? Array.from({ length: random.between(1, 3) }, () => publicIp(random)) : []
  return {
    query: found ? random.pick(sites) : `${random.hex(8)}.example`,
    qclass: '1',
    qclass_name: 'C_INTERNET',
    qtype: '1',
    qtype_name: random.pick(['A', 'A', 'AAAA', 'TXT']),
    rcode: found ? '0' : '3',
    rcode_name: found ? 'NOERROR' : 'NXDOMAIN',
    answers: JSON.stringify(answers),
    TTLs: JSON.stringify(answers.map(() => random.between(1, 3600))),
    AA: 'false',
    TC: 'false',
    RD: 'true',
    RA: found ? 'true' : 'false',
    rejected: 'false',
    trans_id: String(random.below(65_536)),
  }
}
