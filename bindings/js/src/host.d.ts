// What the shared host logic of the web gives: ../../../wasm/host.js, which the build copies beside this.
export interface Host {
  during(run: () => void): void;
  turn_at(loop: number, at: number, call: number): void;
  [name: string]: (...parameters: any[]) => any;
}
export function anyloopHost(environment: Record<string, unknown>): Host;
