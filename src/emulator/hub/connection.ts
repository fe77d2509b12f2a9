import type { Socket } from 'node:net'
import { amqp, decodeFrame, encodeFrame, type Frame, performative } from './codec.ts'
import type { Outlet, ReplyLink } from './requests.ts'
import { type AttachRequest, Session, type Wire } from './session.ts'

/** Decides what becomes of a link a peer asks for. */
export type Attach = (connection: Connection, session: Session, request: AttachRequest) => void

const amqpHeader = Buffer.from('AMQP\0\x01\0\0', 'latin1')
const saslHeader = Buffer.from('AMQP\x03\x01\0\0', 'latin1')
const heartbeat = Buffer.from([0, 0, 0, 8, 2, 0, 0, 0])
const largestFrame = 65_536
/** The least that every peer has to take. */
const smallestFrame = 512
/** Of bytes waiting to be sent, above which outlets wait. */
const congestion = 1024 * 1024

/** The hub's side of one connection: headers and SASL, frames to sessions, and the turn of those that send. */
export class Connection implements Wire {
  readonly id: string
  readonly outlets = new Set<Outlet>()
  readonly replies = new Set<ReplyLink>()
  /** Until when the peer's token holds, in milliseconds since the epoch. */
  authorizedUntil = 0
  maxFrameSize = largestFrame
  readonly #socket: Socket
  readonly #attach: Attach
  readonly #onClosed: (connection: Connection) => void
  readonly #sessions = new Map<number, Session>()
  /** Received bytes that are not yet a whole frame, and how many it takes to make one. */
  #received: Buffer[] = []
  #receivedBytes = 0
  #needed = 8
  #beats: NodeJS.Timeout | undefined
  #turn: NodeJS.Immediate | undefined
  #frozen = false

  constructor(id: string, socket: Socket, attach: Attach, onClosed: (connection: Connection) => void) {
    this.id = id
    this.#socket = socket
    this.#attach = attach
    this.#onClosed = onClosed
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.#onData(bytes))
    socket.on('drain', () => this.wake())
    socket.on('error', () => this.destroy())
    socket.on('end', () => this.destroy())
    // The one event that comes however a socket ends, destroyed from this side included.
    socket.on('close', () => this.#release())
  }

  write(bytes: Uint8Array): void {
    if (!this.#frozen && this.#socket.writable) this.#socket.write(bytes)
  }

  wake(): void {
    this.#turn ??= setImmediate(() => this.#takeTurns())
  }

  destroy(): void {
    this.#socket.destroy()
    this.#release()
  }

  freeze(): void {
    this.#frozen = true
    this.#socket.pause()
  }

  /** One message each in turn, until none can go on: a fast partition does not starve the others. */
  #takeTurns(): void {
    this.#turn = undefined
    if (this.#frozen) return
    this.#socket.cork()
    let active = [...this.outlets]
    while (active.length > 0 && this.#socket.writableLength < congestion) {
      active = active.filter(outlet => outlet.sendNext())
    }
    this.#socket.uncork()
  }

  #release(): void {
    clearInterval(this.#beats)
    clearImmediate(this.#turn)
    for (const session of this.#sessions.values()) session.closed()
    this.#sessions.clear()
    this.#onClosed(this)
  }

  #onData(bytes: Buffer): void {
    this.#received.push(bytes)
    this.#receivedBytes += bytes.length
    if (this.#receivedBytes < this.#needed) return
    let rest = this.#received.length === 1 ? bytes : Buffer.concat(this.#received, this.#receivedBytes)
    try {
      for (let unit = nextUnit(rest); unit !== undefined; unit = nextUnit(rest)) {
        rest = rest.subarray(unit.length)
        this.#onUnit(unit)
      }
    } catch {
      // Not AMQP, or nothing this hub understands: there is no way to go on.
      this.destroy()
      return
    }
    this.#received = rest.length === 0 ? [] : [rest]
    this.#receivedBytes = rest.length
    this.#needed = sizeOfUnit(rest)
  }

  #onUnit(unit: Buffer): void {
    if (unit.equals(saslHeader)) {
      this.write(saslHeader)
      this.write(encodeFrame(0, performative.saslMechanisms, [amqp.symbols(['ANONYMOUS', 'MSSBCBS'])]))
    } else if (unit.equals(amqpHeader)) {
      this.write(amqpHeader)
    } else {
      this.#onFrame(decodeFrame(unit))
    }
  }

  #onFrame(frame: Frame): void {
    switch (frame.code) {
      case undefined:
        return
      case performative.saslInit:
        this.write(encodeFrame(0, performative.saslOutcome, [amqp.ubyte(0), undefined]))
        return
      case performative.open:
        this.#onOpen(frame)
        return
      case performative.begin:
        this.#sessions.set(frame.channel, new Session(this, frame, (...link) => this.#attach(this, ...link)))
        return
      case performative.close:
        this.write(encodeFrame(0, performative.close, [undefined]))
        this.#socket.end()
        return
      default:
        // A channel that has ended gets late frames; they concern nobody.
        this.#sessions.get(frame.channel)?.receive(frame)
        if (frame.code === performative.end) this.#sessions.delete(frame.channel)
    }
  }

  #onOpen({ fields }: Frame): void {
    const [, , maxFrameSize, , idleTimeout] = fields
    this.maxFrameSize = Math.max(smallestFrame, Math.min(largestFrame, Number(maxFrameSize ?? largestFrame)))
    if (Number(idleTimeout ?? 0) > 0) {
      this.#beats = setInterval(() => this.write(heartbeat), Number(idleTimeout) / 2)
      this.#beats.unref()
    }
    const limits = [amqp.uint(largestFrame), amqp.ushort(4999), amqp.uint(240_000)]
    this.write(encodeFrame(0, performative.open, [amqp.string('xdrelay-emulator'), undefined, ...limits]))
  }
}

/** The next protocol header or frame, once all of it is there. */
function nextUnit(bytes: Buffer): Buffer | undefined {
  const size = sizeOfUnit(bytes)
  return bytes.length < size ? undefined : bytes.subarray(0, size)
}

function sizeOfUnit(bytes: Buffer): number {
  if (bytes.length < 8 || bytes.toString('latin1', 0, 4) === 'AMQP') return 8
  const size = bytes.readUInt32BE()
  if (size < 8 || size > largestFrame) throw new RangeError(`A frame of ${size} bytes`)
  return size
}
