// Before the module is loaded, and how it comes to be.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ContextVar, Future, getEventLoop, getRunningLoop, load, Lock, Loop, run, sleep } from "anyloop";

const user = new ContextVar("user", { default: "nobody" });

test("what needs it says so", () => {
  for (const call of [() => new Loop(), () => new Lock(), () => new Future({}), () => sleep(1), getRunningLoop,
    () => user.set(1)]) {
    assert.throws(call, /no module is loaded yet: use run\(\), or await getEventLoop\(\) or load\(\) first/);
  }
});

test("bundlers can follow its workers' scripts: older ones want all of it to be a literal", () => {
  const source = readFileSync(new URL(import.meta.resolve("anyloop")), "utf8");
  const scripts = source.matchAll(/new Worker\(new URL\("(.*?)",import\.meta\.url\),\{type:"module"\}\)/g);
  assert.deepEqual(Array.from(scripts, ([, script]) => script), ["./serve.js", "./program-worker.js"]);
  assert.equal(source.match(/new Worker\(/g).length, 2);
});

test("a program that is not there is told, and another may be loaded", async () => {
  await assert.rejects(load(new URL("nothing.wasm", import.meta.url)), /nothing\.wasm/);
});

test("run loads it, and a variable that was made before is one", async () => {
  assert.equal(await run(function* () {
    assert.equal(user.get(), "nobody");
    user.set("me");
    yield* sleep(0);
    return user.get();
  }), "me");
});

test("loading again is nothing", async () => {
  await Promise.all([load(), load(), getEventLoop()]);
  assert.equal(await getEventLoop(), getRunningLoop());
});
