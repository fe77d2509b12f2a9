import { styleText } from 'node:util'
import { printable } from '../../core/log.ts'

/** Lines for people: 100 columns, styled on a terminal only. Everything is made printable, as it comes from records. */

const width = 100

type Style = 'bold' | 'dim'

function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

export function title(text: string): string {
  return styled('bold', printable(text))
}

export function heading(text: string, remark = ''): string[] {
  return ['', `${title(text)}${remark === '' ? '' : `  ${styled('dim', remark)}`}`]
}

/** A label in a column of its own, and a text that goes on below itself, wherever a long label made it begin. */
export function entry(label: string, text: string, labelWidth: number, indent = 2): string[] {
  const start = `${' '.repeat(indent)}${printable(label).padEnd(labelWidth)}  `
  const below = ' '.repeat(indent + labelWidth + 2)
  const [first = '', ...rest] = wrap(printable(text), width - below.length, width - start.length)
  return [`${start}${first}`.trimEnd(), ...rest.map(line => `${below}${line}`)]
}

/** A remark, with the place of a rule at its end. */
export function remark(text: string, place = '', indent = 6): string[] {
  const lines = wrap(printable(text), width - indent - (place === '' ? 0 : place.length + 2))
  return lines.map((line, index) => {
    const isLast = index === lines.length - 1
    return styled('dim', withPlace(' '.repeat(indent) + line, isLast ? place : ''))
  })
}

/** A field, its value, a remark and the place of a rule on one line; undefined where they do not fit. */
export function row(label: string, text: string, about: string, place: string): string | undefined {
  const start = `  ${printable(label).padEnd(labelOfRow)}  ${printable(text)}`
  const full = withPlace(`${start.padEnd(aboutOfRow)}${printable(about)}`, place)
  if (start.length + 2 > aboutOfRow || full.length > width) return undefined
  return `${start.padEnd(aboutOfRow)}${styled('dim', full.slice(aboutOfRow))}`
}

export const labelOfRow = 26
const aboutOfRow = 58

function withPlace(text: string, place: string): string {
  return place === '' ? text : `${text.padEnd(width - place.length - 2)}  ${place}`
}

/** At blanks, the first line to a width of its own; a word that is too long for a line is cut into several. */
function wrap(text: string, most: number, firstMost = most): string[] {
  const lines: string[] = []
  let line = ''
  const room = () => (lines.length === 0 ? firstMost : most)
  for (const word of text.split(' ').flatMap(each => pieces(each, most))) {
    if (line !== '' && line.length + 1 + word.length > room()) {
      lines.push(line)
      line = word
    } else if (line === '' && word.length > room()) {
      lines.push('')
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

function pieces(word: string, most: number): string[] {
  if (word.length <= most) return [word]
  return Array.from({ length: Math.ceil(word.length / most) }, (_, index) =>
    word.slice(index * most, (index + 1) * most),
  )
}

/** JSON text of a value, cut to so many characters; lists can be wrapped between their items. */
export function json(value: unknown, most = Number.POSITIVE_INFINITY): string {
  const isList = Array.isArray(value)
  const text = isList ? `[${value.map(item => JSON.stringify(item)).join(', ')}]` : (JSON.stringify(value) ?? 'nothing')
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}
