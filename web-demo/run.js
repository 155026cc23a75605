// run.js -- one run of the program, in a copy of its own: its memory ends with it, and so do its workers.
import { mount } from "./files.js";

const SCRIPT = new URL("./worker.js", import.meta.url);

// What a program writes to a terminal: lines, and one that it is still changing.
class Terminal {
  bytes = [];
  shown = true;
  decoder = new TextDecoder();

  constructor(line, changing) {
    Object.assign(this, { line, changing });
  }

  get text() {
    return this.decoder.decode(new Uint8Array(this.bytes)).replaceAll("\x1b[K", "");
  }

  put(byte) {
    if (byte === 10) this.line(this.text);
    if (byte === 10 || byte === 13) this.bytes = [];
    else this.bytes.push(byte);
    if (!this.shown) return;
    this.shown = false;
    queueMicrotask(() => {
      this.shown = true;
      this.changing(this.text);
    });
  }
}

// run(tree's entries, arguments, sink): `sink` has out(line), err(line), changing(text), and worker(name), which gives
// { news({ path, read, size, closed }), ended() } for one that has begun. `ended` becomes the program's status.
export function run(entries, args, sink) {
  const workers = new Set();
  let over = false, end, fail, streams;
  const ended = new Promise((resolve, reject) => { end = resolve; fail = reject; });

  class CountingWorker extends Worker {
    constructor(name) {
      super(SCRIPT, { type: "module", name: `anyloop ${name}` });
      this.lane = sink.worker(name);
      const { port1, port2 } = new MessageChannel();
      this.port = port1;
      this.port.onmessage = ({ data }) => this.lane.news(data);
      this.postMessage({ entries, port: port2 }, [port2]);
      workers.add(this);
    }

    terminate() {
      super.terminate();
      this.port.close(); // it may go on for a while
      if (workers.delete(this)) this.lane.ended();
    }
  }

  const finish = (settle, value) => {
    over = true;
    for (const worker of workers) worker.terminate();
    settle(value);
  };
  const unlessOver = (call) => (...values) => { if (!over) call(...values); };
  const terminal = new Terminal(unlessOver(sink.err), unlessOver(sink.changing));
  import("./wordcount.mjs").then(({ default: create }) => create({
    arguments: args,
    thisProgram: "wordcount",
    print: unlessOver(sink.out),
    printErr: unlessOver(sink.err),
    preRun: [({ FS }) => {
      mount(FS, entries);
      streams = FS.streams;
    }],
    // It asks whether stderr is a terminal, and shows how far it is if so.
    onRuntimeInitialized() {
      streams[2].tty.ops = { put_char: (tty, byte) => terminal.put(byte), flush() {}, fsync() {} };
    },
    onExit: (status) => finish(end, status),
    onAbort: (what) => finish(fail, new Error(`the program was aborted: ${what}`)),
    anyloop: {
      program: SCRIPT.href,
      worker(name) {
        if (over) throw new Error("the run is over");
        return new CountingWorker(name);
      },
    },
  })).catch((error) => finish(fail, error));

  return { ended, cancel: () => finish(fail, new DOMException("cancelled", "AbortError")), fail: (error) => finish(fail, error) };
}
