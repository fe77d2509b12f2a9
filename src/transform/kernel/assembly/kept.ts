import { keptAt, keptBytes } from '../layout'

let next: usize = keptAt

/** Memory that stays; 0 when there is none left. Sixteen bytes behind it may be read as well. */
export function keep(bytes: i32): usize {
  const start = next
  next += ((bytes + 31) & ~15) as usize
  if (next > ((keptAt + keptBytes) as usize)) return 0
  return start
}
