// Time in a page: one timer at a time, and none but for what is to be done then.
import assert from "node:assert/strict";
import { BUILD, checkAsked, countAsked, pageTest, textOf } from "./harness.mjs";

const root = `${BUILD}/tests/web/pages`;

for (const [way, args] of [["a run's turns", []], ["the page's turns", ["start"]]]) {
  const options = { root, init: countAsked };
  pageTest(`10,000 callbacks and as many sleeps by ${way} set one timer at a time`, options, async ({ open }) => {
    const page = await open("/timers.js", { arguments: args });
    await page.prints(textOf("timers"));
    const asked = await page.evaluate("asked");
    assert.equal(asked.pendingMost, 1);
    assert.equal(asked.intervals, 0);
    assert.ok(asked.timeouts + asked.messages < 5000, `${JSON.stringify(asked)}: in 1.3 s, for 20,000 points in time`);
  });
  pageTest(`a sleep by ${way} asks nothing of the page until it is over`, options, async ({ open }) => {
    const page = await open("/sleeps.js", { arguments: args });
    await page.prints(textOf("sleeps"));
    checkAsked(await page.evaluate("asked"));
  });
}
