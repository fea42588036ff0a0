/** The number of bytes of an unsigned LEB128 number below 2^32. */
export const unsignedSize = (value: number): number => {
  let size = 1
  for (let rest = value >>> 7; rest !== 0; rest >>>= 7) size++
  return size
}

const text = new TextEncoder()

/** A growing sequence of bytes: numbers in the encodings of WebAssembly are appended to it. */
export class ByteWriter {
  private bytes: Uint8Array<ArrayBuffer>
  private view: DataView
  length = 0

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity)
    this.view = new DataView(this.bytes.buffer)
  }

  private reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(needed, 2 * this.bytes.length))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
    this.view = new DataView(larger.buffer)
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1)
    this.bytes[this.length++] = value
  }

  /** LEB128 of an integer in [0, 2^32). */
  unsigned(value: number): void {
    this.reserve(5)
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.bytes[this.length++] = rest
  }

  /** Signed LEB128 of an int32. */
  signed(value: number): void {
    this.reserve(5)
    let rest = value | 0
    while (rest < -64 || rest > 63) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80
      rest >>= 7
    }
    this.bytes[this.length++] = rest & 0x7f
  }

  /** Signed LEB128 of an int64. */
  signed64(value: bigint): void {
    this.reserve(10)
    let rest = BigInt.asIntN(64, value)
    while (rest < -64n || rest > 63n) {
      this.bytes[this.length++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.bytes[this.length++] = Number(rest & 0x7fn)
  }

  float32(value: number): void {
    this.reserve(4)
    this.view.setFloat32(this.length, value, true)
    this.length += 4
  }

  float64(value: number): void {
    this.reserve(8)
    this.view.setFloat64(this.length, value, true)
    this.length += 8
  }

  raw(values: ArrayLike<number>): void {
    this.reserve(values.length)
    this.bytes.set(values, this.length)
    this.length += values.length
  }

  /** The length in bytes, then the UTF-8 text. */
  name(value: string): void {
    const encoded = text.encode(value)
    this.unsigned(encoded.length)
    this.raw(encoded)
  }

  /** What was written: a view, valid until the next write. */
  written(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length)
  }
}
