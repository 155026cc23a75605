// jobs.mjs -- the job of all pools.
export function echo(number) {
  return number;
}

export default echo; // what one of them calls
