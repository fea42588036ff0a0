// Names in formulas: what may be one, what is taken, and how they are written in LaTeX.

/** A letter or underscore, then letters, digits and underscores; paths such as `params.w[0]` are one name. */
const start = "[\\p{L}_]"
const rest = "[\\p{L}\\p{M}\\p{Nd}_]"
const pattern = `${start}${rest}*(?:\\.${start}${rest}*|\\[\\d+\\])*`

/** Matches a name at `lastIndex`. */
export const namePattern = new RegExp(pattern, "uy")

const wholeName = new RegExp(`^${pattern}$`, "u")

export const isName = (text: string): boolean => wholeName.test(text)

/** Words that cannot be names of variables. */
export const reserved: ReadonlySet<string> = new Set(["and", "or", "not", "true", "false", "NaN", "Infinity"])

/** Constants by name. All but the reserved ones can be hidden by a variable. */
export const constants: ReadonlyMap<string, number | boolean> = new Map<string, number | boolean>([
  ["pi", Math.PI],
  ["π", Math.PI],
  ["tau", 2 * Math.PI],
  ["τ", 2 * Math.PI],
  ["e", Math.E],
  ["Infinity", Infinity],
  ["∞", Infinity],
  ["NaN", NaN],
  ["true", true],
  ["false", false]
])

/** The name a number is written by, unless a variable hides it. */
export const nameOfConstant: ReadonlyMap<number, string> = new Map([
  [Math.PI, "pi"],
  [2 * Math.PI, "tau"],
  [Math.E, "e"]
])

/** A label as a name: `my input` becomes `my_input`. */
export const clean = (label: string): string => {
  const cleaned = isName(label) ? label : label.replace(/[^\p{L}\p{M}\p{Nd}_]+/gu, "_").replace(/^_|_$/g, "")
  const named = isName(cleaned) ? cleaned : `x${cleaned}`
  return reserved.has(named) ? `${named}_` : named
}

/** Gives each label a name of its own that can be parsed: `my input` becomes `my_input`, the second `x` `x_2`. */
export class Names {
  readonly taken = new Set<string>()
  private readonly next = new Map<string, number>()

  make(label: string): string {
    const name = clean(label)
    if (!this.taken.has(name)) {
      this.taken.add(name)
      return name
    }
    let n = this.next.get(name) ?? 2
    while (this.taken.has(`${name}_${n}`)) n++
    this.next.set(name, n + 1)
    this.taken.add(`${name}_${n}`)
    return `${name}_${n}`
  }
}

const greekNames =
  "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega " +
  "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"

const greekLetters = "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ"

/** The command of a Greek letter, by its name and by the letter itself. */
const greek: ReadonlyMap<string, string> = new Map(
  greekNames.split(" ").flatMap((name, i) => [
    [name, `\\${name}`],
    [greekLetters[i]!, `\\${name}`]
  ])
)

const symbol = (word: string): string =>
  greek.get(word) ?? (word.length === 1 || /^\p{Nd}+$/u.test(word) ? word : `\\mathrm{${word}}`)

const segment = (text: string): string => {
  const bracket = text.indexOf("[")
  const name = bracket === -1 ? text : text.slice(0, bracket)
  const [first = "", ...more] = name.split("_").filter((word) => word !== "")
  // x1 is x with an index.
  let end = first.length
  while (end > 0 && first.charCodeAt(end - 1) >= 48 && first.charCodeAt(end - 1) <= 57) end--
  if (end === 0) return `\\mathrm{${text.replaceAll("_", "\\_")}}`
  const below = [
    ...(end === first.length ? [] : [first.slice(end)]),
    ...more.map(symbol),
    ...(bracket === -1 ? [] : text.slice(bracket).match(/\d+/g)!)
  ]
  const base = symbol(first.slice(0, end))
  return below.length === 0 ? base : `${base}_{${below.join(",")}}`
}

/** `x_1` is written `x_{1}`, `alpha` `\alpha`, `rate` `\mathrm{rate}`. */
export const latexName = (name: string): string => name.split(".").map(segment).join(".")
