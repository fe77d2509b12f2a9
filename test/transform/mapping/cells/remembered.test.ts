import { describe, expect, test } from 'vitest'
import type { Cells } from '../../../../src/transform/mapping/cells/cells.ts'
import { referenceSplits, references } from '../../../../src/transform/mapping/cells/references.ts'
import { splits } from '../../../../src/transform/mapping/split.ts'
import { cellsOf } from './cells-of.ts'

/** References to arguments and number of the command line in a slot. */
function split(cells: Cells, slot: number): number[] {
  expect(referenceSplits.command_line(cells, slot + 1)).toBe(true)
  return [...cells.parts.subarray(0, 2)]
}

const values = (cells: Cells, refs: readonly number[]) => refs.map(ref => cells.of(ref))
const expected = (line: string) => Object.values(splits.command_line!.run(line)!)

describe('command lines that are remembered', () => {
  test('are right for two of one record that fall into one place', () => {
    // Among so many are some pairs that do.
    for (let number = 0; number < 40_000; number++) {
      const [first, second] = ['tool.exe -first', `tool.exe -n ${number}`]
      const cells = cellsOf('string', first, second)
      const refs = [split(cells, 0), split(cells, 1)]
      if (JSON.stringify(refs.map(each => values(cells, each))) !== JSON.stringify([first, second].map(expected)))
        throw new Error(`wrong for ${number}`)
    }
  })

  test('are right when there are more than the memory for them holds', () => {
    const lines = Array.from({ length: 16_000 }, (_, number) => `tool.exe ${number} ${'x'.repeat((number * 7) % 600)}`)
    for (const [number, line] of lines.entries()) {
      // Some that are older: forgotten, or just made.
      const others = [lines[number - 6000], lines[number - 300], lines[number - 1]].map(each => each ?? line)
      const cells = cellsOf('string', line, ...others)
      const refs = [0, 1, 2, 3].map(slot => split(cells, slot))
      const found = refs.map(each => values(cells, each))
      if (JSON.stringify(found) !== JSON.stringify([line, ...others].map(expected)))
        throw new Error(`wrong for ${number}`)
    }
  })
})

test('actions are right beyond the number of those that are remembered', () => {
  for (let number = 0; number < 2500; number++) {
    for (const type of [`Action ${number}`, 'Process Created']) {
      const cells = cellsOf('string', type)
      expect(cells.of(references.action(cells, 0))).toBe(type.toLowerCase().replaceAll(' ', '-'))
    }
  }
})
