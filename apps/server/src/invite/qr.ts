/** QR codes as one SVG path (ISO/IEC 18004, by qrcode-generator). */

import qrcode from 'qrcode-generator'

/** White modules around the code that readers need. */
const QUIET = 4

/** The path of all dark modules, in runs of a row, and the length of a side. */
export function qrPath(text: string): { path: string; size: number } {
  const code = qrcode(0, 'M')
  // The library takes one byte for each character.
  code.addData(Buffer.from(text, 'utf8').toString('latin1'), 'Byte')
  code.make()
  const count = code.getModuleCount()
  let path = ''
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      const start = column
      while (column < count && code.isDark(row, column)) column++
      if (column > start) path += `M${start + QUIET} ${row + QUIET}h${column - start}v1H${start + QUIET}z`
    }
  }
  return { path, size: count + 2 * QUIET }
}
