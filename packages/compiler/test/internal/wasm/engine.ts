/** The part of the WebAssembly interface of engines that is used here; the standard library of TypeScript has it with the DOM only. */
export interface Memory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

export type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export interface Instance {
  readonly exports: Readonly<Record<string, unknown>>
}

interface Engine {
  readonly validate: (bytes: Uint8Array<ArrayBuffer>) => boolean
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object, imports?: Imports) => Instance
  readonly Memory: new (limits: { readonly initial: number; readonly maximum?: number }) => Memory
  readonly compile: (bytes: Uint8Array<ArrayBuffer>) => Promise<object>
}

/** `WebAssembly` of the engine, where it has one. */
export const engine: Engine | undefined = (globalThis as { readonly WebAssembly?: Engine }).WebAssembly
