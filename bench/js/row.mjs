// row.mjs -- a program that measures, as ../row.h has them: without arguments it lists its rows, with ROW [OPERATIONS
// [cold]] it prints the nanoseconds that one operation took, and those of processor time.

/** Ends the program when something that must hold does not: a figure of a wrong run says nothing. */
export function check(holds, what) {
  if (!holds) throw new Error(`the run went wrong: ${what}`);
}

/** Adds up what passes between `start` and `stop`, for a row that has something to prepare; of the others all counts. */
class Watch {
  wall = 0;
  processor = 0;
  isUsed = false;

  start() {
    this.isUsed = true;
    this.used = process.cpuUsage();
    this.began = performance.now();
  }

  stop() {
    this.wall += performance.now() - this.began;
    const { user, system } = process.cpuUsage(this.used);
    this.processor += user + system;
  }
}

async function measure(run, count) {
  const own = new Watch(), all = new Watch();
  all.start();
  await run(count, own);
  all.stop();
  return own.isUsed ? own : all;
}

/**
 * `rows`: name, operations of a repetition, operations of the round before it, and what does so many, which gives a
 * promise. That is given a watch, too.
 */
export async function main(rows) {
  const [name, operations, temper] = process.argv.slice(2);
  if (name === undefined) {
    console.log(Object.keys(rows).join("\n"));
    return;
  }
  if (!rows[name]) throw new Error(`there is no row '${name}'`);
  const [usual, warmUp, run] = rows[name], count = Number(operations) || usual;
  if (temper !== "cold") await measure(run, warmUp);
  const { wall, processor } = await measure(run, count);
  console.log((wall * 1e6 / count).toFixed(3), (processor * 1e3 / count).toFixed(3));
}
