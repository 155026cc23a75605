// row.mjs -- a program that measures, as ../row.h has them: without arguments it lists its rows, with ROW [OPERATIONS
// [cold]] it prints the nanoseconds that one operation took, and those of processor time.

/** Ends the program when something that must hold does not: a figure of a wrong run says nothing. */
export function check(holds, what) {
  if (!holds) throw new Error(`the run went wrong: ${what}`);
}

/**
 * `rows`: name, operations of a repetition, operations of the round before it, and what does so many, which gives a
 * promise.
 */
export async function main(rows) {
  const [name, operations, temper] = process.argv.slice(2);
  if (name === undefined) {
    console.log(Object.keys(rows).join('\n'));
    return;
  }
  if (!rows[name]) throw new Error(`there is no row '${name}'`);
  const [usual, warmUp, run] = rows[name], count = Number(operations) || usual;
  if (temper !== 'cold') await run(warmUp);
  const start = performance.now(), used = process.cpuUsage();
  await run(count);
  const time = performance.now() - start, {user, system} = process.cpuUsage(used);
  console.log((time * 1e6 / count).toFixed(3), ((user + system) * 1e3 / count).toFixed(3));
}
