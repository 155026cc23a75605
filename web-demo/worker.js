// worker.js -- a worker of the program's pool: a copy of the program, which finds the page's files.
import create from "./wordcount.mjs";
import { mount, reading } from "./files.js";

// The first message is the page's; the program listens for all that follow.
onmessage = ({ data: { entries, port } }) => {
  create({
    preRun: [({ FS }) => mount(FS, entries, reading(FS, (news) => port.postMessage(news)))],
  }).catch(reportError); // which the page hears
};
