// What a forgotten `yield*` looks like: nothing is said of it, so look at what came back, and at the tasks that there are.
import { createTask, formatTree, run, sleep } from "anyloop";

function* save(text, takes) {
  yield* sleep(takes);
  console.log(`saved ${text}`);
  return text.length;
}

await run(function* main() {
  save("a", 10); // forgotten: what nobody awaits does not begin
  sleep(10); // forgotten
  const length = save("b", 10); // forgotten
  console.log(`${length}`); // prints [object Generator]

  createTask(save("c", 60_000), { name: "saves c" }); // begins, and nobody waits for it: the end of the program cancels it
  console.log(formatTree().trimEnd());
  // prints task main is running
  // prints task saves c is ready
  console.log(yield* save("d", 10));
  // prints saved d
  // prints 1
});
