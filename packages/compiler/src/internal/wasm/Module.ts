import { ByteWriter } from "./ByteWriter.ts"
import { Code, type Signature } from "./Code.ts"
import { type ValueType, valueTypes } from "./instructions.ts"

const PAGE = 65536

export interface Limits {
  /** In pages of 64 KiB. */
  readonly initial: number
  readonly maximum?: number
}

export interface ImportName {
  readonly module: string
  readonly name: string
}

interface FunctionEntry {
  readonly name: string
  readonly type: number
  code: Code | undefined
}

interface GlobalEntry {
  readonly type: ValueType
  readonly mutable: boolean
  readonly initial: number | bigint
}

const exportKinds = { function: 0, memory: 2, global: 3 } as const
export type ExportKind = keyof typeof exportKinds

/**
 * A WebAssembly module under construction.
 *
 * Functions are numbered in the order of their declaration, imported ones first: all imports come before the first
 * `declare`. A function may be declared before it is defined, and defined while another one is being written.
 *
 * Memory 0 begins with constant data (`data`), at addresses that are known while code is written; what follows
 * `staticSize` belongs to the user of the module.
 */
export class Module {
  private readonly types: Array<Signature> = []
  private readonly typeIndices = new Map<string, number>()
  private readonly imports: Array<ImportName & { readonly type: number; readonly label: string }> = []
  private readonly functions: Array<FunctionEntry> = []
  private readonly globals: Array<GlobalEntry> = []
  private readonly exports: Array<{ readonly name: string; readonly kind: ExportKind; readonly index: number }> = []
  private readonly segments: Array<{ readonly address: number; readonly bytes: Uint8Array }> = []
  private readonly interned = new Map<string, number>()
  private readonly emitted = new Map<string, number>()
  private limits: Limits | undefined
  private memoryImport: ImportName | undefined
  /** Bytes of memory 0 that constant data take. */
  staticSize = 0

  // Types and functions

  private type(signature: Signature): number {
    const key = `${signature.parameters.join()}>${signature.results.join()}`
    const known = this.typeIndices.get(key)
    if (known !== undefined) return known
    const index = this.types.push(signature) - 1
    this.typeIndices.set(key, index)
    return index
  }

  importFunction(from: ImportName, signature: Signature): number {
    if (this.functions.length > 0) throw new Error("imports come before the functions of a module")
    return this.imports.push({ ...from, type: this.type(signature), label: from.name }) - 1
  }

  /** The index of a function that `define` will write. */
  declare(name: string, signature: Signature): number {
    this.functions.push({ name, type: this.type(signature), code: undefined })
    return this.imports.length + this.functions.length - 1
  }

  define(index: number, write: (code: Code) => void): void {
    const entry = this.functions[index - this.imports.length]!
    const code = new Code(this.types[entry.type]!)
    write(code)
    entry.code = code
  }

  /** `declare` and `define` at once. */
  function(name: string, signature: Signature, write: (code: Code) => void): number {
    const index = this.declare(name, signature)
    this.define(index, write)
    return index
  }

  /** The index of a function that is written the first time it is asked for. */
  once(name: string, make: (module: Module) => number): number {
    const known = this.emitted.get(name)
    if (known !== undefined) return known
    const index = make(this)
    this.emitted.set(name, index)
    return index
  }

  get functionCount(): number {
    return this.imports.length + this.functions.length
  }
  nameOfFunction(index: number): string {
    return index < this.imports.length ? this.imports[index]!.label : this.functions[index - this.imports.length]!.name
  }
  codeOf(index: number): Code | undefined {
    return this.functions[index - this.imports.length]?.code
  }

  // Memory, globals and exports

  /** Memory 0, own or imported. May be called again, once sizes are known; it will be large enough for constant data. */
  memory(limits: Limits, from?: ImportName): void {
    this.limits = limits
    this.memoryImport = from
  }

  /** Sets `size` bytes of memory aside; they are zero at first. */
  reserve(size: number, alignment = 16): number {
    const address = Math.ceil(this.staticSize / alignment) * alignment
    this.staticSize = address + size
    return address
  }

  /** Constant data, in memory from the returned address on. */
  data(bytes: Uint8Array, alignment = 16): number {
    const address = this.reserve(bytes.length, alignment)
    this.segments.push({ address, bytes })
    return address
  }

  /** Constant data shared by all who ask for the same `key`. */
  internedData(key: string, bytes: () => Uint8Array, alignment = 16): number {
    const known = this.interned.get(key)
    if (known !== undefined) return known
    const address = this.data(bytes(), alignment)
    this.interned.set(key, address)
    return address
  }

  global(type: ValueType, options: { readonly mutable: boolean; readonly initial: number | bigint }): number {
    return this.globals.push({ type, ...options }) - 1
  }

  export(name: string, kind: ExportKind, index: number): void {
    this.exports.push({ name, kind, index })
  }

  // Binary format

  toBytes(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter(4096)
    out.raw([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
    const section = (id: number, write: (section: ByteWriter) => void): void => {
      const content = new ByteWriter()
      write(content)
      out.byte(id)
      out.unsigned(content.length)
      out.raw(content.written())
    }
    const list = <A>(
      id: number,
      items: ReadonlyArray<A>,
      write: (section: ByteWriter, item: A, index: number) => void
    ) => {
      if (items.length === 0) return
      section(id, (s) => {
        s.unsigned(items.length)
        items.forEach((item, index) => write(s, item, index))
      })
    }
    const types = (s: ByteWriter, of: ReadonlyArray<ValueType>): void => {
      s.unsigned(of.length)
      for (const type of of) s.byte(valueTypes[type])
    }
    const pages = Math.ceil(this.staticSize / PAGE)
    const limits = (s: ByteWriter): void => {
      const { initial, maximum } = this.limits!
      s.byte(maximum === undefined ? 0 : 1)
      s.unsigned(Math.max(initial, pages))
      if (maximum !== undefined) s.unsigned(Math.max(maximum, pages))
    }
    if (this.limits === undefined && this.staticSize > 0) this.limits = { initial: pages }

    list(1, this.types, (s, { parameters, results }) => {
      s.byte(0x60)
      types(s, parameters)
      types(s, results)
    })

    const imported = this.limits === undefined ? undefined : this.memoryImport
    if (this.imports.length > 0 || imported !== undefined) {
      section(2, (s) => {
        s.unsigned(this.imports.length + (imported === undefined ? 0 : 1))
        for (const { module, name, type } of this.imports) {
          s.name(module)
          s.name(name)
          s.byte(0)
          s.unsigned(type)
        }
        if (imported !== undefined) {
          s.name(imported.module)
          s.name(imported.name)
          s.byte(2)
          limits(s)
        }
      })
    }
    list(3, this.functions, (s, { type }) => s.unsigned(type))
    if (this.limits !== undefined && imported === undefined) {
      section(5, (s) => {
        s.unsigned(1)
        limits(s)
      })
    }
    list(6, this.globals, (s, { initial, mutable, type }) => {
      s.byte(valueTypes[type])
      s.byte(mutable ? 1 : 0)
      const code = new Code({ parameters: [], results: [type] })
      if (type === "i64") code.i64Const(BigInt(initial))
      else if (type === "i32") code.i32Const(Number(initial))
      else if (type === "f64") code.f64Const(Number(initial))
      else if (type === "f32") code.f32Const(Number(initial))
      else code.v128Const(new Uint8Array(new Float64Array([Number(initial), Number(initial)]).buffer))
      s.raw(code.instructions())
    })
    list(7, this.exports, (s, { index, kind, name }) => {
      s.name(name)
      s.byte(exportKinds[kind])
      s.unsigned(index)
    })
    list(10, this.functions, (s, { code, name }) => {
      if (code === undefined) throw new Error(`the function ${name} is declared but not defined`)
      const locals = new ByteWriter()
      const runs = code.locals()
      locals.unsigned(runs.length)
      for (const [count, type] of runs) {
        locals.unsigned(count)
        locals.byte(valueTypes[type])
      }
      const instructions = code.instructions()
      s.unsigned(locals.length + instructions.length)
      s.raw(locals.written())
      s.raw(instructions)
    })
    list(11, this.segments, (s, { address, bytes }) => {
      s.byte(0)
      s.byte(0x41)
      s.signed(address)
      s.byte(0x0b)
      s.unsigned(bytes.length)
      s.raw(bytes)
    })
    section(0, (s) => {
      s.name("name")
      const names = new ByteWriter()
      names.unsigned(this.functionCount)
      for (let i = 0; i < this.functionCount; i++) {
        names.unsigned(i)
        names.name(this.nameOfFunction(i))
      }
      s.byte(1)
      s.unsigned(names.length)
      s.raw(names.written())
    })
    return out.written().slice()
  }
}
