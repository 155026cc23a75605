// A program of C beside the core: built by the package's own anyloop-cc, its functions and jobs called from JavaScript.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, before, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { getEventLoop, load, native, nativeExports, nativeJob, run } from "anyloop";

const here = new URL("own-c/", import.meta.url),
  cc = fileURLToPath(new URL("../node_modules/.bin/anyloop-cc", import.meta.url));
const echo = native("echo"), echoJob = nativeJob("echo");
const program = new URL("echo.wasm", here), work = mkdtempSync(`${tmpdir()}/anyloop-own-c-`);
after(() => rmSync(work, { recursive: true }));

function build(source, ...options) {
  const out = source.replace(/c$/, "wasm");
  const warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-command-line-argument"];
  return spawnSync(cc, [source, ...warnings, "-lm", "-O0", "-o", out, ...options], { cwd: here, encoding: "utf8" });
}

function inNode(script) {
  return execFileSync(process.execPath, ["--expose-gc", "--input-type=module", "-e", script],
    { cwd: new URL("..", import.meta.url), encoding: "utf8" });
}

before(async () => {
  const { status, stderr } = build("echo.c");
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  await load(program);
});

beforeEach(() => getEventLoop());

describe("values", () => {
  const values = [undefined, true, false, 0, -1, 2 ** 53 - 1, 1.5, -0, NaN, Infinity, "", "text", "\u{1f600}",
    new Uint8Array(), new Uint8Array([1, 2, 255]), new Uint8Array(100_000).fill(7), [],
    [1, ["two", new Uint8Array([3])], []], 2n ** 62n, -(2n ** 63n)];
  for (const [i, value] of values.entries()) {
    test(`number ${i} comes back from C, and from a job in a worker`, async () => {
      assert.deepEqual(await echo(value), value);
      assert.deepEqual(await echoJob(value), value);
    });
  }

  test("that C does not read are carried by it as they are, but not to a worker", async () => {
    const object = { an: "object" };
    assert.equal(await echo(object), object);
    assert.throws(() => echoJob(object), { code: "ANYLOOP_E_TYPE", message: /^the input of echo cannot be sent: / });
  });

  test("that are pointers of C's are handed back to it, and to nothing else", async () => {
    const { forgotten_times } = nativeExports(), before = forgotten_times();
    let pointer = await native("pointer_of")();
    assert.equal(await native("is_pointer")(pointer), true);
    assert.equal(await native("is_pointer")((await echo([pointer]))[0]), true);
    assert.equal(await native("is_pointer")({ an: "object" }), false);
    assert.equal(forgotten_times(), before);
    pointer = undefined;
    for (let i = 0; i < 10 && forgotten_times() === before; i++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(forgotten_times(), before + 1);
  });

  test("that no 64 bits hold are refused", () => {
    assert.throws(() => echo(2n ** 63n), RangeError);
    assert.throws(() => echo([1, 2n ** 63n]), RangeError);
  });
});

describe("a function", () => {
  test("that gives a coroutine is awaited", async () => {
    assert.equal(await run(function* () {
      return yield* native("later")(5);
    }), 5);
  });

  test("gives a future that can be cancelled", async () => {
    const future = native("later")(10_000);
    assert.ok(future.cancel());
    await assert.rejects(future, { name: "AbortError" });
  });

  test("gives what a signal cancels", async () => {
    const controller = new AbortController(), future = native("later")(10_000, { signal: controller.signal });
    controller.abort();
    await assert.rejects(future, { name: "AbortError" });
    assert.throws(() => native("later")(1, { signal: 5 }), { name: "TypeError", message: /is no AbortSignal/ });
  });

  test("that refuses says why", () => assert.throws(() => native("refuse")(), { code: "ANYLOOP_E_NOT_SUPPORTED" }));
  test("that is not there is told by name", () => assert.throws(() => native("nothing")(), /exports no function nothing/));

  test("of numbers is called as it is", () => {
    const { sum, malloc, free, memory } = nativeExports();
    const numbers = malloc(12);
    new Int32Array(memory.buffer, numbers, 3).set([1, 2, 3]);
    assert.equal(sum(numbers, 3), 6);
    free(numbers);
  });

  test("that exits is an error", () => assert.throws(() => nativeExports().leave(), /exit with status 3/));
});

describe("a job", () => {
  test("that is not there is told by name", () =>
    assert.throws(() => nativeJob("nothing")(), { code: "ANYLOOP_E_NOT_FOUND", message: /nothing/ }));

  test("that fails comes out with its words", () =>
    assert.rejects(nativeJob("fail")(), { code: "ANYLOOP_E_BROKEN", message: "on purpose" }));

  test("that traps costs itself, and the pool goes on", async () => {
    await assert.rejects(nativeJob("trap")(), { code: "ANYLOOP_E_ABANDONED", message: /unreachable/ });
    assert.equal(await echoJob(1), 1);
  });

  test("prints here", () => assert.equal(inNode(`import { load, nativeJob, getEventLoop } from "anyloop";
    await load(new URL("${program}")); const loop = await getEventLoop();
    await nativeJob("print")("from a w\u00f6rker"); await loop.close();`), "from a w\u00f6rker\n"));

  test("prints here what it flushes, also without the end of its line", () => assert.equal(inNode(`
    import { load, nativeJob, getEventLoop } from "anyloop";
    await load(new URL("${program}")); const loop = await getEventLoop();
    await nativeJob("flush")(); console.log("over"); process.exit();`), "a line\nand a rest\nover\n"));
});

test("Node ends by itself while workers are idle", () => assert.equal(inNode(`
  import { load, nativeJob, getEventLoop } from "anyloop";
  await load("${program}"); await getEventLoop(); console.log(await nativeJob("echo")(1));`), "1\n"));

test("the stack has room, and what needs more overwrites nothing", () => assert.equal(inNode(`
  import { load, native, nativeExports, getEventLoop } from "anyloop";
  await load("${program}"); const loop = await getEventLoop();
  console.log(nativeExports().deep(900), await native("echo")("whole"));
  try { nativeExports().deep(2000); } catch (error) { console.log(error.name, error.message); }`),
"900 whole\nRuntimeError memory access out of bounds\n"));

test("a trap while the loop turns fails the run", () => assert.equal(inNode(`
  import { load, native, getEventLoop } from "anyloop";
  await load("${program}"); const loop = await getEventLoop();
  await loop.runUntilComplete(native("trap")()).catch((error) => console.log(error.name, error.message));`),
"RuntimeError unreachable\n"));

test("a trap in a program is what run fails with", () => assert.equal(inNode(`import { load, native, run } from "anyloop";
  await load("${program}");
  await run(function* () { yield* native("trap")(); }).catch((error) => console.log(error.name, error.message));
  console.log(await run(function* () { return "the next"; }));`), "RuntimeError unreachable\nthe next\n"));

test("a second module is refused", () => assert.rejects(load(program), /loaded already/));

test("nothing is left of loops with jobs of C", () => assert.equal(inNode(`
  import { figures, load, nativeJob, newEventLoop } from "anyloop";
  await load("${program}");
  async function loops(count) {
    while (count--) {
      const loop = await newEventLoop();
      await loop.runUntilComplete(nativeJob("echo")([new Uint8Array(1000)], { loop }));
      await loop.close();
    }
    for (let i = 0; i < 3; i++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
    return JSON.stringify(figures());
  }
  const before = await loops(2);
  console.log(await loops(5) === before);`), "true\n"));

// As scripts of their own: where a module is refused, another may be loaded.
test("a module that does not fit is refused, and says what to do", () => {
  cpSync(new URL("../node_modules/anyloop", import.meta.url), `${work}/other`, { recursive: true });
  const header = readFileSync(`${work}/other/c/anyloop.h`, "utf8"), other = header.replace(/(_VERSION_MINOR) \d+/, "$1 99");
  assert.notEqual(other, header);
  writeFileSync(`${work}/other/c/anyloop.h`, other);
  const otherCc = `${work}/other/bin/anyloop-cc.mjs`;
  execFileSync(otherCc, ["echo.c", "-O0", "-lm", "-o", `${work}/other.wasm`], { cwd: here, stdio: "ignore" });
  const empty = [0, 97, 115, 109, 1, 0, 0, 0], asks = [...empty, 1, 4, 1, 96, 0, 0, 2, 9, 1, 3, 101, 110, 118, 1, 102, 0, 0];
  assert.equal(inNode(`import { load, nativeJob, run } from "anyloop";
    const module = (bytes) => new WebAssembly.Module(Uint8Array.from(bytes));
    for (const wrong of ["file://${work}/other.wasm", module(${JSON.stringify(empty)}), module(${JSON.stringify(asks)})]) {
      await load(wrong).catch((error) => console.log(error.message));
    }
    await load("${program}");
    console.log(await run(function* () { return yield* nativeJob("echo")(1); }));`),
  `anyloop: cannot load the module: it is of another version; build it again by anyloop-cc
anyloop: cannot load the module: it is of another version; build it again by anyloop-cc
anyloop: cannot load the module: there is no env.f; build it again by anyloop-cc\n1\n`);
});

test("a program need have no jobs", () => {
  writeFileSync(`${work}/none.c`, "#include <anyloop_guest.h>\nANYLOOP_EXPORT(four) int four(void) { return 4; }\n");
  execFileSync(cc, ["none.c", "-O0", "-o", "none.wasm"], { cwd: work, stdio: "ignore" });
  assert.equal(inNode(`import { load, nativeExports, nativeJob, run } from "anyloop";
    await load("file://${work}/none.wasm");
    console.log(nativeExports().four());
    await run(function* () { yield* nativeJob("any")(); }).catch((error) => console.log(error.message));`),
  "4\nthe program has no job any: list it by ANYLOOP_JOBS\n");
});

test("anyloop-cc says what is wrong", () => {
  const says = (options, env) =>
    spawnSync(cc, options, { cwd: here, encoding: "utf8", env: { ...process.env, ...env } }).stderr;
  assert.match(says([]), /^anyloop-cc: usage/);
  assert.match(says(["echo.c"]), /^anyloop-cc: usage/);
  assert.match(says(["echo.c", "-o", "no.wasm"], { CC: "no-compiler" }), /^anyloop-cc: there is no no-compiler: install/);
  assert.match(says(["--emcc", "echo.c", "-o", "no.wasm"], { EMCC: "no-emcc" }),
    /^anyloop-cc: there is no no-emcc: install/);
});

const noEmcc = spawnSync("emcc", ["--version"]).status !== 0 && "there is no emcc: Debian's emscripten has it";
describe("built by Emscripten", { skip: !process.env.CI && noEmcc }, () => {
  test("it is the same program", () => {
    execFileSync(cc, ["--emcc", "echo.c", "-o", `${work}/emcc.wasm`], { cwd: here, stdio: "ignore" });
    assert.equal(inNode(`import { load, native, nativeJob, run } from "anyloop";
      await load("file://${work}/emcc.wasm");
      await run(function* () {
        console.log(yield* native("later")(5), yield* native("echo")(["list", 2n ** 62n]));
        yield* nativeJob("print")("from a worker");
        console.log((yield* nativeJob("echo")(new Uint8Array(40_000_000))).length); // its memory grows for it
        yield* nativeJob("trap")();
      }).catch((error) => console.log(error.code));`),
    "5 [ 'list', 4611686018427387904n ]\nfrom a worker\n40000000\nANYLOOP_E_ABANDONED\n");
  });

  test("what it lacks is told by name", () => {
    writeFileSync(`${work}/lacks.c`,
      "#include <anyloop_guest.h>\nint nowhere(void);\nANYLOOP_EXPORT(get) int get(void) { return nowhere(); }\n");
    const { status, stderr } = spawnSync(cc, ["--emcc", "lacks.c", "-O0", "-o", "lacks.wasm"],
      { cwd: work, encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stderr, /^anyloop-cc: undefined: nowhere$/m);
  });
});

const lack = !existsSync("/usr/include/stb/stb_image.h") && "there is no /usr/include/stb: Debian's libstb-dev has it";
test("the sample wraps a library of images", { skip: !process.env.CI && lack }, () => {
  const samples = new URL("../samples/own-c/", import.meta.url);
  execFileSync(cc, ["thumbs.c", "-O0", "-idirafter", "/usr/include", "-lm", "-o", "thumbs.wasm"],
    { cwd: samples, stdio: "ignore" });
  assert.equal(execFileSync(process.execPath, ["thumbs.mjs"], { cwd: samples, encoding: "utf8" }),
    "a PNG: true, 32 pixels wide\ntwo take true more than one\nANYLOOP_E_USER: unknown image type\n");
});
