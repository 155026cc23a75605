// What the host of a program of C gives to it: ../../../wasm/host.js, which the build copies beside this.
import type { Turns } from "./turns.js";

export function anyloopHost(environment: Record<string, unknown>, turns: Turns): WebAssembly.ModuleImports;
