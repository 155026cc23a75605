// The harness itself: whatever goes wrong in a page fails its case, and says what the page said.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pageTest, visit } from "./harness.mjs";

const says = (text) => async ({ open }) => (await open("/page.js")).prints(text);
const fails = (name, script, options, run, message) => test(name, { timeout: 30_000 }, () =>
  assert.rejects(visit({ pages: { "/page.js": script }, patience: 300, ...options }, false, run), (error) => {
    assert.match(error.message, message);
    return true;
  }));

fails("an exception of a page fails its case", "console.log('a'); nobody();", {}, says("a"), /nobody is not defined/);
fails("so does an error on the console", "console.log('a'); console.error('b');", {}, says("a"), /errors[^]*error: b/);
fails("a promise that nobody caught", "console.log('a'); Promise.reject(new Error('lost'))", {}, says("a"), /lost/);
fails("a line that does not come", "console.log('a');", {}, says("a\nb"), /what the page said\nlog: a/);
fails("a line that is another", "console.log('b');", {}, says("a"), /what the page said\nlog: b/);
fails("a line too many", "console.log('a'); setTimeout(() => console.log('b'), 100);", {}, async ({ open }) => {
  const page = await open("/page.js");
  await page.prints("a");
  await page.waitForTimeout(300);
}, /log: b/);
fails("an expected error that does not come", "console.log('a');", { errors: [/b/] }, says("a"), /no error of the page is like/);
fails("a file that is missing", "", { missing: ["/page.js"] }, says("a"), /404/);
fails("a policy that forbids", "console.log('a'); eval('1')", { headers: { "Content-Security-Policy": "default-src 'self'" } },
  says("a"), /Content Security Policy/);

pageTest("a page is isolated by its headers alone", { pages: { "/page.js": "console.log(typeof SharedArrayBuffer)" } },
  async ({ open, isolated }) => (await open("/page.js")).prints(isolated ? "function" : "undefined"));
pageTest("an error that is expected fails nothing", { pages: { "/page.js": "console.error('b')" }, errors: [/^b$/] },
  async ({ open }) => { await open("/page.js"); });
