// Lists of truth values that go with other lists, element by element.

export type Flags = ReadonlyArray<boolean>

export const select = <X>(list: ReadonlyArray<X>, flags: Flags): Array<X> => list.filter((_, i) => flags[i])

export const count = (flags: Flags): number => flags.filter(Boolean).length

export const not = (flags: Flags): Flags => flags.map((x) => !x)

export const and = (a: Flags, b: Flags): Flags => a.map((x, i) => x && b[i]!)

export const or = (a: Flags, b: Flags): Flags => a.map((x, i) => x || b[i]!)

export const all = (flags: Flags): boolean => !flags.includes(false)
