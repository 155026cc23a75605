// What a program prints arrives, also in a pipe whose reader begins late and after workers began: more than the pipe takes.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { BUILD } from "./build.mjs";

const PIPE = 65536; // bytes that Linux keeps of one

// In an empty folder: what COMMAND prints into a file, and into a pipe.
function printsTheSame(command, before = ":") {
  const folder = mkdtempSync(join(tmpdir(), "anyloop-"));
  const shell = (line) => execFileSync("/bin/sh", ["-ec", line, process.execPath], { cwd: folder, stdio: "inherit" });
  try {
    shell(before);
    shell(`${command} > file`);
    shell(`{ ${command}; echo "status $?" > status; } | { sleep 1; cat > piped; }`);
    const file = readFileSync(join(folder, "file"), "utf8");
    assert.ok(file.length > PIPE, `${file.length} bytes are no more than a pipe takes`);
    assert.equal(readFileSync(join(folder, "piped"), "utf8"), file);
    assert.equal(readFileSync(join(folder, "status"), "utf8"), "status 0\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("of a program with a file system of its own", { timeout: 60_000 }, () =>
  printsTheSame(`"$0" ${BUILD}/tests/web/web-one.js 2000`));
test("of one with the machine's", { timeout: 60_000 }, () =>
  printsTheSame(`"$0" ${BUILD}/examples/wordcount/wordcount.js words`,
    "mkdir words; for i in $(seq 1500); do echo $i > words/a-name-that-makes-the-output-longer-than-what-a-pipe-takes-$i; done"));
