/**
 * A shell glob as a regular expression, as Python's `fnmatch` has it: `*`, `?`, `[abc]`, `[!a-c]`; case counts.
 * A `[` that is never closed is an ordinary character.
 */
export function globToRegExp(glob: string): RegExp {
  let source = ''
  for (let at = 0; at < glob.length; at++) {
    const char = glob.charAt(at)
    const end = char === '[' ? classEnd(glob, at) : -1
    if (char === '*') source += '.*'
    else if (char === '?') source += '.'
    else if (end === -1) source += escapeRegExp(char)
    else {
      source += characterClass(glob.slice(at + 1, end))
      at = end
    }
  }
  return new RegExp(`^${source.replace(/(?:\.\*)+/g, '.*')}$`, 's')
}

function classEnd(glob: string, open: number): number {
  const first = glob.charAt(open + 1) === '!' ? open + 2 : open + 1
  // A ']' that comes first belongs to the class.
  return glob.indexOf(']', first + 1)
}

/** As in Python, a range that runs backwards holds nothing, and takes both of its ends with it. */
function characterClass(content: string): string {
  const negated = content.startsWith('!')
  const characters = [...(negated ? content.slice(1) : content)]
  let source = ''
  for (let at = 0; at < characters.length; at++) {
    const [first = '', dash, last] = characters.slice(at, at + 3)
    if (dash !== '-' || last === undefined) source += escapeInClass(first)
    else {
      if (first <= last) source += `${escapeInClass(first)}-${escapeInClass(last)}`
      at += 2
    }
  }
  return `[${negated ? '^' : ''}${source}]`
}

function escapeInClass(character: string): string {
  return /[\\\]^[-]/.test(character) ? `\\${character}` : character
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
