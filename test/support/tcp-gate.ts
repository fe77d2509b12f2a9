import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { eventually } from './eventually.ts'

/** A way to a server that can be shut, so that connections are refused, and opened again on the same port. */
export class TcpGate {
  readonly url: string
  readonly #port: number
  readonly #target: URL
  #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(target: URL, server: Server) {
    this.#target = target
    this.#server = server
    this.#port = (server.address() as AddressInfo).port
    this.url = `http://127.0.0.1:${this.#port}`
  }

  static async start(url: string): Promise<TcpGate> {
    const target = new URL(url)
    const server = createServer()
    await listen(server, 0)
    const gate = new TcpGate(target, server)
    server.on('connection', socket => gate.#join(socket))
    onTestFinished(() => gate.shut())
    return gate
  }

  async shut(): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Waits for the port where the system has lent it to a connection of somebody else meanwhile. */
  async open(): Promise<void> {
    this.#server = createServer(socket => this.#join(socket))
    await eventually(() => listen(this.#server, this.#port))
  }

  #join(socket: Socket): void {
    const onward = connect(Number(this.#target.port), this.#target.hostname)
    for (const each of [socket, onward]) {
      this.#sockets.add(each)
      each.on('close', () => this.#sockets.delete(each)).on('error', () => {})
    }
    socket.pipe(onward).pipe(socket)
    socket.on('close', () => onward.destroy())
    onward.on('close', () => socket.destroy())
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
}
