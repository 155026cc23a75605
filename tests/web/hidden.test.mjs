// A page that nobody sees gets its timers once a second. Its program goes on: late, never early, and it does not ask more often.
import assert from "node:assert/strict";
import { BUILD, checkAsked, countAsked, pageTest, textOf } from "./harness.mjs";

const root = `${BUILD}/tests/web/pages`;
const twoTimers = async () => {
  const began = performance.now();
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setTimeout(resolve, 1));
  return performance.now() - began;
};

for (const [way, args] of [["a run's turns", []], ["the page's turns", ["start"]]]) {
  const options = { root, init: countAsked, hideable: true };
  pageTest(`sleeps and jobs of a hidden page go on, by ${way}`, options, async ({ open, hide }) => {
    const page = await open("/sleeps.js", { arguments: args });
    await hide(page);
    await page.prints(textOf("sleeps"));
    checkAsked(await page.evaluate("asked"));
    assert.ok(await page.evaluate("document.hidden"));
    const ms = await page.evaluate(twoTimers);
    assert.ok(ms > 500, `two timers of 1 ms took ${ms} ms: the page is not throttled, and this case shows nothing`);
  });
}
