// web.ts -- the web's types that the package names: a program for Node may be compiled without those of the DOM.

/** WebAssembly.Module, where it has a type. */
export type Module = typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } } ? M : object;

/** WebAssembly.Memory, where it has a type. */
export type Memory =
  typeof globalThis extends { WebAssembly: { Memory: { prototype: infer M } } } ? M : { readonly buffer: ArrayBuffer };

type Listed<L> = L extends readonly (infer T)[] ? T : L extends { transfer?: readonly (infer T)[] } ? T : never;
/** What can be moved instead of copied: what a MessagePort moves, the page's or Node's. */
export type Movable = typeof globalThis extends { MessagePort: { prototype: { postMessage: infer P } } } ?
  P extends (message: any, moved?: infer L) => void ? Listed<L> : never : object;
