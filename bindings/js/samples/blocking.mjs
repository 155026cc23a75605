// What blocks runs in a worker: a module of its own, since a closure cannot go there.
export function blocking() {
  for (const end = Date.now() + 500; Date.now() < end;); // hard work
  console.log("Hello from a worker!");
}
