// Jobs, which run in a worker: functions of a module, with arguments and results that can be copied or moved.
import { progress, transfer } from "anyloop/worker";

export function countPrimes(below) {
  let count = 0;
  for (let n = 2; n < below; n++) {
    let prime = true;
    for (let d = 2; d * d <= n && prime; d++) prime = n % d !== 0;
    if (prime) count++;
    if (n % (below / 4) === 0) progress(n / below);
  }
  return count;
}

export function invert(pixels) {
  for (let i = 0; i < pixels.length; i++) pixels[i] = 255 - pixels[i];
  return transfer(pixels, [pixels.buffer]);
}

export function forever() {
  for (;;);
}
