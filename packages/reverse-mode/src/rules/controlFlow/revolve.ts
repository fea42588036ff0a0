// The binomial schedule, revolve: A. Griewank and A. Walther, Algorithm 799, ACM Transactions on Mathematical Software 26 (2000), 19-45.
//
// To reverse n steps with s snapshots, that of the first state included: advance m steps and keep a snapshot there, reverse the last n - m with the s - 1
// others, then the first m with s again. With r the least number for which C(s + r, s) >= n this takes r n - C(s + r, s + 1) advances when m is chosen well,
// and no schedule takes fewer.

/** C(snapshots + repetitions, snapshots): how many steps can be reversed when none is taken more often than that. */
export const reach = (snapshots: number, repetitions: number): number => {
  if (repetitions < 0) return 0
  const small = Math.min(snapshots, repetitions)
  const large = Math.max(snapshots, repetitions)
  let count = 1
  // Each product is a binomial coefficient times i, so the quotients are integers; past 2^53 the order of magnitude is all that matters.
  for (let i = 1; i <= small && count < Number.MAX_SAFE_INTEGER; i++) count = (count * (large + i)) / i
  return count
}

/** How often a step has to be taken at most: the least r for which `reach(snapshots, r) >= length`. */
export const repetitions = (length: number, snapshots: number): number => {
  if (snapshots === 1) return length - 1
  let r = 0
  while (reach(snapshots, r) < length) r++
  return r
}

/** The least number of snapshots with which no step is taken more often than there are snapshots. */
export const snapshotsFor = (length: number): number => {
  let s = 1
  while (reach(s, s) < length) s++
  return s
}

/**
 * Where the next snapshot is: after how many of `length` steps, more than one.
 *
 * All m with max(C(s + r - 2, s), n - C(s - 1 + r, s - 1)) <= m <= min(C(s + r - 1, s), n - C(s + r - 2, s - 1)) are optimal. Of these the one is taken
 * for which the first or the last part has the greatest length for its number of snapshots and repetitions: so there are no more than
 * s r + s + r different parts at all depths.
 */
export const split = (length: number, snapshots: number): number => {
  const r = repetitions(length, snapshots)
  const first = reach(snapshots, r - 1)
  const last = reach(snapshots - 1, r - 1)
  return length <= first + last ? length - last : first
}

/** A part of the steps, with the number of snapshots for it, that at its start included. */
export interface Part {
  readonly from: number
  readonly length: number
  readonly snapshots: number
}

/**
 * The parts that begin where the schedule has its snapshots when it has advanced for the first time. For the last one no place is left, or there are
 * places for all of its carries.
 */
export const parts = (length: number, snapshots: number): ReadonlyArray<Part> => {
  const found: Array<Part> = []
  let from = 0
  let left = snapshots
  while (left > 1 && length - from > left + 1) {
    const m = split(length - from, left)
    found.push({ from, length: m, snapshots: left })
    from += m
    left--
  }
  return [...found, { from, length: length - from, snapshots: left }]
}
