// A page whose program was linked without Asyncify: it cannot wait in a run function, and says so; started, it runs.
import { BUILD, pageTest, textOf } from "./harness.mjs";

const root = `${BUILD}/tests/web/plain`;

pageTest("a run function says what would help, and a start helps", { root }, async ({ open }) =>
  (await open("/blocks.js")).prints("run: ANYLOOP_E_WOULD_BLOCK: this host cannot block here; a page can with -sASYNCIFY, " +
    "or use anyloop_start\nstarted: ANYLOOP_OK"));
pageTest("what is started has workers too", { root }, async ({ open }) =>
  (await open("/start.js")).prints(textOf("start")));
