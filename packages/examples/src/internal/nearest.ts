// Optimal string alignment: insertions, deletions, substitutions and transpositions of neighbours, each of cost 1
// (Damerau 1964; the recurrence of Boytsov 2011, section 2.1).
const distance = (a: string, b: string): number => {
  let beforeLast: ReadonlyArray<number> = []
  let last: ReadonlyArray<number> = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const transposed = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(
        Math.min(
          last[j]! + 1,
          row[j - 1]! + 1,
          substitution,
          transposed ? beforeLast[j - 2]! + 1 : Number.POSITIVE_INFINITY
        )
      )
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}

/** The candidate most like a name, when one is like it: not more than a third of it differs, case and separators aside. */
export const nearest = (name: string, candidates: ReadonlyArray<string>): string | undefined => {
  const plain = (text: string): string =>
    text
      .slice(0, 100)
      .toLowerCase()
      .replaceAll(/[\s_.-]/g, "")
  const wanted = plain(name)
  const prefixed = candidates.filter((candidate) => wanted.length >= 3 && plain(candidate).startsWith(wanted))
  if (prefixed.length === 1) return prefixed[0]
  const scored = candidates
    .map((candidate) => ({ candidate, score: distance(wanted, plain(candidate)) }))
    .toSorted((a, b) => a.score - b.score)[0]
  return scored !== undefined && scored.score <= wanted.length / 3 ? scored.candidate : undefined
}
