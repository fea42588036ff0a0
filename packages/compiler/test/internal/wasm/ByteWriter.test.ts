import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ByteWriter } from "../../../src/internal/wasm/ByteWriter.ts"

const written = (write: (writer: ByteWriter) => void): ReadonlyArray<number> => {
  const writer = new ByteWriter(1)
  write(writer)
  return [...writer.written()]
}

// From the definition: the value is the sum of the groups of seven bits, the last one with a sign.
const groups = (bytes: ReadonlyArray<number>): bigint =>
  bytes.reduce((sum, byte, i) => sum + (BigInt(byte & 0x7f) << BigInt(7 * i)), 0n)
const signed = (bytes: ReadonlyArray<number>): bigint =>
  groups(bytes) - ((bytes.at(-1)! & 0x40) !== 0 ? 1n << BigInt(7 * bytes.length) : 0n)
const isTerminated = (bytes: ReadonlyArray<number>): boolean =>
  bytes.every((byte, i) => byte >= 0x80 === i < bytes.length - 1)

describe("LEB128", () => {
  it("unsigned numbers read back, in as few bytes as possible", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (value) => {
        const bytes = written((w) => w.unsigned(value))
        expect(isTerminated(bytes)).toBe(true)
        expect(groups(bytes)).toBe(BigInt(value))
        expect(bytes.length).toBe(Math.max(1, Math.ceil((32 - Math.clz32(value)) / 7)))
      })
    )
  })

  it("signed numbers of 32 and 64 bits read back", () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        const bytes = written((w) => w.signed(value))
        expect(isTerminated(bytes)).toBe(true)
        expect(signed(bytes)).toBe(BigInt(value))
        expect(bytes).toEqual(written((w) => w.signed64(BigInt(value))))
      })
    )
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), (value) => {
        const bytes = written((w) => w.signed64(value))
        expect(isTerminated(bytes)).toBe(true)
        expect(signed(bytes)).toBe(value)
        expect(bytes.length).toBeLessThanOrEqual(10)
      })
    )
  })

  it("the examples of the standard", () => {
    expect(written((w) => w.unsigned(624485))).toEqual([0xe5, 0x8e, 0x26])
    expect(written((w) => w.signed(-123456))).toEqual([0xc0, 0xbb, 0x78])
    expect(written((w) => w.signed(64))).toEqual([0xc0, 0x00])
  })
})

describe("ByteWriter", () => {
  it("grows, and keeps what was written", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (parts) => {
        const bytes = written((w) => parts.forEach((part) => w.raw(part)))
        expect(bytes).toEqual(parts.flatMap((part) => [...part]))
      })
    )
  })

  it("writes floating-point numbers in little-endian order", () => {
    expect(written((w) => w.float64(-2))).toEqual([0, 0, 0, 0, 0, 0, 0, 0xc0])
    expect(written((w) => w.float32(-2))).toEqual([0, 0, 0, 0xc0])
  })
})
