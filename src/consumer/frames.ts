import { Connection, type Delivery } from 'rhea-promise'

/** Bytes; what the service itself sends at most, and what Microsoft's SDKs for .NET and Java ask for. */
export const largestFrame = 65_536

const patched = Symbol.for('xdrelay.frames')

/**
 * Has every connection from here on say that it takes no larger frame; the SDK offers no such option, and without a
 * word any size may come. A body that is larger than a frame has then been put together from several, in memory where
 * nothing else lies. The prototype is changed once per process.
 */
export function limitFrames(): void {
  const prototype = Connection.prototype as Connection & { [patched]?: true }
  if (prototype[patched]) return
  prototype[patched] = true
  const open = prototype.open
  prototype.open = function (this: Connection, options) {
    inner(this).local.open.max_frame_size = largestFrame
    return open.call(this, options)
  }
}

/**
 * The tag of a delivery is a view into the frame that it came in. A delivery that lives through two young collections
 * would keep up to 128 KiB of what was read from the socket until the next full one, and bring that about.
 */
export function releaseFrame(delivery: Delivery | undefined): void {
  if (delivery) Object.assign(delivery, { tag: Buffer.from(delivery.tag) })
}

function inner(connection: Connection): RheaConnection {
  return (connection as unknown as { _connection: RheaConnection })._connection
}

interface RheaConnection {
  readonly local: { readonly open: { max_frame_size?: number } }
}
