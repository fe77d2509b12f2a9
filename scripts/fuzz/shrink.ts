import { branchesOf, readTree, writeTree } from './tree.ts'

type Fails = (bodies: readonly Uint8Array[]) => boolean

const mostTries = 500

/** A smaller input that fails too: fewer messages, then without whatever can be left out of their JSON or bytes. */
export function shrink(bodies: readonly Uint8Array[], fails: Fails): readonly Uint8Array[] {
  let tries = 0
  const stillFails: Fails = smaller => ++tries <= mostTries && fails(smaller)
  const one = bodies.map(body => [body]).find(stillFails)
  if (one === undefined) return bodies
  const structured = shrinkTree(one[0]!, body => stillFails([body]))
  return [shrinkBytes(structured, body => stillFails([body]))]
}

/** Leaves out members and elements, largest holders first, as long as one can be spared. */
function shrinkTree(body: Uint8Array, fails: (body: Uint8Array) => boolean): Uint8Array {
  const tree = readTree(Buffer.from(body).toString())
  if (!fails(Buffer.from(writeTree(tree)))) return body
  for (const { items } of branchesOf(tree)) {
    for (let count = items.length; count >= 1; count = Math.floor(count / 2)) {
      for (let at = 0; at < items.length; ) {
        const spared = items.splice(at, count)
        if (fails(Buffer.from(writeTree(tree)))) continue
        items.splice(at, 0, ...spared)
        at += count
      }
    }
  }
  return Buffer.from(writeTree(tree))
}

function shrinkBytes(body: Uint8Array, fails: (body: Uint8Array) => boolean): Uint8Array {
  let rest = Buffer.from(body)
  for (let count = rest.length >> 1; count >= 1; count >>= 1) {
    for (let at = 0; at < rest.length; ) {
      const smaller = Buffer.concat([rest.subarray(0, at), rest.subarray(at + count)])
      if (fails(smaller)) rest = smaller
      else at += count
    }
  }
  return rest
}
