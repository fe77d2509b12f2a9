const blank = /[ \t\r\n]+/

/**
 * Arguments of a command line by the rules of Windows: double quotes group, `\"` is a quote, backslashes before a quote
 * count half, `""` inside quotes is one quote. Used for all systems. Empty arguments are left out.
 */
export function splitCommandLine(line: string): string[] {
  if (!line.includes('"')) return line.split(blank).filter(part => part !== '')
  const args: string[] = []
  let pieces: string[] = []
  let quoted = false
  // What lies between the specials is taken over in one piece.
  let start = 0
  let at = 0
  const take = (piece: string, next: number) => {
    if (at > start) pieces.push(line.slice(start, at))
    if (piece !== '') pieces.push(piece)
    at = next
    start = next
  }
  const end = (next: number) => {
    take('', next)
    if (pieces.length > 0) args.push(pieces.join(''))
    pieces = []
  }
  while (at < line.length) {
    const char = line[at]!
    if (char === '"') {
      const doubled = quoted && line[at + 1] === '"'
      if (!doubled) quoted = !quoted
      take(doubled ? '"' : '', doubled ? at + 2 : at + 1)
    } else if (char === '\\') {
      const run = countBackslashes(line, at)
      if (line[at + run] === '"') take('\\'.repeat(run >> 1) + (run % 2 === 1 ? '"' : ''), at + run + (run % 2))
      else at += run
    } else if (!quoted && isBlank(char)) {
      end(at + 1)
    } else {
      at++
    }
  }
  end(at)
  return args
}

function isBlank(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\r' || char === '\n'
}

function countBackslashes(line: string, start: number): number {
  let at = start
  while (line[at] === '\\') at++
  return at - start
}
