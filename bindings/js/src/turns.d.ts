// When loops are turned: ../../../wasm/turns.js, which the build copies beside this.
export interface Turns {
  now(): number;
  during(run: () => void): void;
  turn_at(loop: number, at: number, call: number): void;
}
export interface Turned {
  turn(call: number, loop: number): void;
  stay(is: boolean): void;
  ended(): boolean;
}
export function anyloopTurns(environment: Turned): Turns;
