// A request's id, known to all that is done for it and handed to nobody: each task runs in a copy of its maker's context.
import { ContextVar, createTask, gather, run } from "anyloop";

const requestId = new ContextVar("requestId", { default: "-" });

function log(text) {
  console.log(`[${requestId.get()}] ${text}`);
}

function* read(table) {
  log(`reads ${table}`);
  yield; // the others run
  requestId.set(`${requestId.get()}/${table}`); // in this task's copy: nobody else sees it
  log("was read");
}

function* handle(id) {
  requestId.set(id); // for this task, and for those that it makes from now on
  yield* gather([createTask(read("users")), createTask(read("orders"))]);
  log("answered");
}

await run(function* main() {
  yield* gather([createTask(handle("A")), createTask(handle("B"))]);
  log("all are answered");
});
