import { stateAt } from '../layout'

export function get(word: i32): i32 {
  return load<i32>(stateAt + (word << 2))
}

export function set(word: i32, value: i32): void {
  store<i32>(stateAt + (word << 2), value)
}
