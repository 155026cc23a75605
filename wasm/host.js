// host.js -- the host of a program of C on the web: in a page, a Web Worker, Node and its worker_threads.
//
// Owns:          the workers, and how the program waits. Its turns are those of turns.js.
// Must not know: how the module was built: `env` says what differs between Emscripten's and a plain one.
//
// It returns what core/port/wasm/host.h imports, under the same names. Times are ms, negative ones never.
// Old syntax on purpose: Debian's Emscripten takes no newer, and a page may not either.
//
// Messages. To a worker: [ticket, job, head, body], or GO, which ends a recall. From it: [news, ticket, head, body, ran]
// for the core, where news are anyl_news of core/port/port.h, or [PRINT, error, text]. Bytes are an array, but SHORT ones a
// text of as many characters: to copy an array takes ten times as long. A body larger than SMALL is moved, not copied,
// and up to LARGE its buffer is kept for the way back: a new one's pages would cost more than what is in them.
//
// In Node each worker has a port of its own, which can be read while this thread blocks, and a cell of shared memory
// that says how many recalls are under way, and whether the worker is to hush: it looks at the first before it begins a
// job, and waits for the other before it says anything. All ring one bell.
function anyloopHost(env, turns) {
  var READY = 0, SKIPPED = 3, DIED = 4, PRINT = 5, GO = 0;
  var SHORT = 256, SMALL = 16384, LARGE = 1 << 20, LONGEST = 0x7fffffff, MOST = 1000;
  var UNREADABLE = 'no memory for what it was told, or said';
  var isNode = typeof process === 'object' && process !== null && !!process.versions && !!process.versions.node;
  var threads = isNode ? env.builtin('worker_threads') : null;
  var born = isNode ? threads.workerData && threads.workerData.anyloop : env.born; // in a worker of ours: how it was started
  var scope = typeof self === 'object' ? self : globalThis;

  env.open();

  // ---- memory

  var spare = null; // what came moved and was read: the next that is moved from here goes in it

  function toMove(bytes) {
    var buffer = spare;
    if (!buffer || bytes.length > buffer.byteLength || bytes.length < buffer.byteLength / 2) return bytes.slice();
    spare = null;
    var copy = new Uint8Array(buffer, 0, bytes.length);
    copy.set(bytes);
    return copy;
  }

  function copyOut(pointer, size) {
    var bytes = env.bytes().subarray(pointer >>> 0, (pointer >>> 0) + size); // C's pointers come signed
    return size <= SHORT ? String.fromCharCode.apply(null, bytes) : size <= SMALL ? bytes.slice() : toMove(bytes);
  }

  function write(room, what) {
    var size = what.length, pointer = room(size) >>> 0, bytes = env.bytes(), text = typeof what === 'string';
    if (!pointer) return size === 0;
    if (!text) bytes.set(what, pointer);
    else for (var i = 0; i < size; i++) bytes[pointer + i] = what.charCodeAt(i);
    if (!text && size > SMALL && size <= LARGE) spare = what.buffer;
    return true;
  }

  // False: there is no memory for it.
  function writeMessage(head, body) {
    return write(env.head, head) && (body == null || write(env.body, body));
  }

  function pack(first, second, head, headSize, body, bodySize) {
    return [first, second, copyOut(head, headSize), bodySize || body ? copyOut(body, bodySize) : null];
  }

  function post(port, message) {
    var body = message[3];
    if (body && body.length > SMALL) port.postMessage(message, [body.buffer]);
    else port.postMessage(message);
  }

  var encoder = typeof TextEncoder === 'function' ? new TextEncoder() : null, nothing = new Uint8Array(0);

  // ---- workers

  var workers = new Map(), numbers = 0, bell = null, names = new Map(), unborn = [];

  function Copy(pointer, number) {
    this.pointer = pointer;
    this.number = number;
    this.worker = this.port = this.cell = null;
    this.serves = false;
    this.busy = true; // until it says that it is ready
  }

  // What a copy says, until it is ended.
  function tell(copy, message) {
    var news = message[0];
    if (workers.get(copy.number) !== copy) return;
    if (news === PRINT) {
      env.print(message[1], message[2]);
      return;
    }
    if (news === DIED) {
      end(copy.number);
      if (copy.worker && !copy.serves) message[2] = 'cannot load ' + env.program() + (message[2] && ': ' + message[2]);
      message = [DIED, 0, nothing, encoder.encode(message[2])];
    }
    if (news === READY) {
      copy.serves = true;
      busy(copy.number, false);
    }
    if (!writeMessage(message[2] || nothing, message[3])) { // no memory for what came of it
      if (news !== DIED) end(copy.number);
      news = DIED;
      message = [DIED, 0, nothing];
    }
    env.heard(copy.pointer, news, message[1], message[2] ? message[2].length : 0, message[4] || 0);
  }

  function died(copy, why) {
    tell(copy, [DIED, 0, String(why)]);
    settle();
  }

  function hear(copy, most) {
    var item, count = 0;
    while (count < most && copy.port && (item = threads.receiveMessageOnPort(copy.port))) {
      tell(copy, item.message);
      count++;
    }
    return count > 0;
  }

  // No more than MOST of each: a job that prints without end does not stop the clock.
  function drain() {
    var heard = tellUnborn();
    workers.forEach(function (copy) { if (hear(copy, MOST)) heard = true; });
    return heard;
  }

  // Copies that could not even be made.
  function tellUnborn() {
    return unborn.splice(0).map(function (item) { died(item[0], item[1]); }).length > 0;
  }

  // Runs what a thread of Node begins with: it tells of a program that cannot be loaded, of what nobody catches, and of its
  // end, even to a main thread that blocks and hears no events. (What Emscripten throws again ends it without an 'exit'.)
  var beginning = "var t = require('worker_threads'), mine = t.workerData.anyloop;" +
    "function say(why) { mine.port.postMessage([" + DIED + ", 0, why]); Atomics.add(mine.bell, 0, 1); Atomics.notify(mine.bell, 0); }" +
    "function fail(e) { if (!e || e.name !== 'ExitStatus') say(String(e && e.message || e)); }" +
    "process.on('exit', function (code) { say('it exited with status ' + code); });" +
    "process.on('uncaughtExceptionMonitor', fail);" +
    "import(mine.program).then(function (m) { if (typeof m.default === 'function') return m.default(); })" +
    ".catch(function (e) { fail(e); process.exit(1); });";

  function startThread(copy, name) {
    var ends = new threads.MessageChannel();
    bell = bell || new Int32Array(new SharedArrayBuffer(4));
    copy.cell = new Int32Array(new SharedArrayBuffer(8));
    copy.port = ends.port1;
    copy.port.on('message', function (message) { tell(copy, message); settle(); });
    copy.port.on('messageerror', function () { died(copy, UNREADABLE); });
    copy.worker = new threads.Worker(beginning, {
      eval: true, name: name, argv: [], execArgv: [],
      workerData: {anyloop: {program: env.program(), module: env.module, port: ends.port2, bell: bell, cell: copy.cell, name: name}},
      transferList: [ends.port2]
    });
    function gone(why) {
      hear(copy, MOST); // its last word may still be on the way
      died(copy, why);
    }
    copy.worker.on('error', function (e) { gone(e && e.message || e); });
    copy.worker.on('exit', function (code) { gone('it exited with status ' + code); });
  }

  function startWorker(copy, name) {
    copy.worker = env.worker(name);
    copy.worker.onmessage = function (event) { tell(copy, event.data); settle(); };
    copy.worker.onmessageerror = function () { died(copy, UNREADABLE); };
    copy.worker.onerror = function (event) {
      event.preventDefault();
      died(copy, event.message || ""); // none: there is no such script, or a policy forbids it
    };
  }

  function start(pointer, name, size) {
    var copy = new Copy(pointer, ++numbers);
    workers.set(copy.number, copy);
    try {
      (isNode ? startThread : startWorker)(copy, env.text(name, size));
    } catch (e) { // a policy of the page, or of the system
      unborn.push([copy, e && e.message || e]);
      turns.task(tellUnborn);
    }
    return copy.number;
  }

  function send(number, ticket, job, head, headSize, body, bodySize) {
    var copy = workers.get(number), name = names.get(job);
    if (name === undefined) names.set(job, name = env.text(job, -1));
    post(copy.port || copy.worker, pack(ticket, name, head, headSize, body, bodySize));
  }

  function recall(number) {
    var copy = workers.get(number);
    Atomics.add(copy.cell, 0, 1);
    Atomics.store(copy.cell, 1, 1); // hush: else a job that prints without end could be heard without end
    hear(copy, Infinity);
    Atomics.store(copy.cell, 1, 0);
    Atomics.notify(copy.cell, 1);
    if (workers.get(number) === copy) copy.port.postMessage(GO);
  }

  // The program has ended.
  function leave() {
    workers.forEach(function (copy, number) { end(number); });
  }

  function end(number) {
    var copy = workers.get(number);
    workers.delete(number);
    if (copy.port) copy.port.close();
    if (copy.worker) copy.worker.terminate();
  }

  // In Node, one that is busy keeps the process alive; so does the thread itself, or nobody would hear of its end.
  function busy(number, is) {
    var copy = workers.get(number), what = is ? 'ref' : 'unref';
    copy.busy = is;
    if (copy.port) {
      copy.port[what]();
      copy.worker[what]();
    }
  }

  function count() {
    if (born || typeof Worker !== 'function' && !isNode) return 0;
    if (isNode) return env.builtin('os').availableParallelism();
    return navigator.hardwareConcurrency || 1;
  }

  // ---- blocking

  // Node's threads may; a page's may not, and a Web Worker only with the shared memory that it does not need otherwise.
  function blocking() {
    return isNode ? 1 : env.suspends() && !suspended ? 2 : 0;
  }

  // 0: nobody is there who could end it.
  function wait(ms) {
    bell = bell || new Int32Array(new SharedArrayBuffer(4));
    var seen = Atomics.load(bell, 0), alone = true;
    if (drain()) return 1;
    workers.forEach(function (copy) { if (copy.busy) alone = false; });
    if (ms < 0 && alone) return 0;
    Atomics.wait(bell, 0, seen, ms < 0 ? Infinity : ms);
    drain();
    return 1;
  }

  var settle = function () {}, suspended = false; // the first ends a suspension, of which there is one at a time

  function suspend(ms) {
    return new Promise(function (resolve) {
      var timer = ms < 0 ? null : ms === 0 ? undefined : setTimeout(done, Math.min(Math.ceil(ms), LONGEST));
      function done() {
        if (settle !== done) return; // it was over before its task came, and another may have begun
        suspended = false;
        settle = function () {};
        clearTimeout(timer);
        resolve();
      }
      suspended = true;
      settle = done;
      if (timer === undefined) turns.task(done);
      Promise.resolve().then(function () { env.suspended(); });
    });
  }

  // ---- in a worker

  function say(message) {
    if (born.cell) Atomics.wait(born.cell, 1, 1);
    post(born.port || scope, message);
    if (born.bell) {
      Atomics.add(born.bell, 0, 1);
      Atomics.notify(born.bell, 0);
    }
  }

  var jobs = new Map(), current = 0, began = 0, serving = false;

  function find(name) {
    var job = jobs.get(name);
    if (job === undefined) {
      var bytes = encoder.encode(name);
      write(env.head, bytes);
      jobs.set(name, job = env.find(bytes.length));
    }
    return job;
  }

  function stopServing(why) {
    say([DIED, 0, why]);
    if (born.port) born.port.close();
    else scope.close();
  }

  function work(message) {
    if (message === GO) {
      Atomics.sub(born.cell, 0, 1);
      return;
    }
    current = message[0];
    if (born.cell && Atomics.load(born.cell, 0)) {
      say([SKIPPED, current]);
      return;
    }
    var job = find(message[1]);
    if (job < 0) {
      stopServing('its program has no job ' + message[1] + ': it is another version');
      return;
    }
    try {
      if (!writeMessage(message[2], message[3])) throw new Error('no memory for the input');
      began = turns.now();
      env.serve(job, message[2].length);
    } catch (e) {
      stopServing(e && e.message || String(e));
    }
  }

  function serve() {
    if (!born || serving) return born ? 1 : 0;
    serving = true;
    env.stay(true);
    env.printBy(function (error, text) { say([PRINT, error, text]); });
    if (born.port) born.port.on('message', work).on('messageerror', function () { stopServing(UNREADABLE); });
    else {
      scope.onmessage = function (event) { work(event.data); };
      scope.onmessageerror = function () { stopServing(UNREADABLE); };
    }
    say([READY, 0]);
    return 1;
  }

  function reply(news, head, headSize, body, bodySize) {
    var message = pack(news, current, head, headSize, body, bodySize);
    message.push(turns.now() - began);
    say(message);
  }

  return {
    now: turns.now,
    log: function (level, text, size) { env.log(level, env.text(text, size)); },
    blocking: blocking,
    wait: wait,
    suspend: suspend,
    rouse: function () { settle(); },
    turn_at: turns.turn_at,
    workers: count,
    worker_start: start,
    worker_send: send,
    worker_ahead: function (number) { return workers.get(number).cell ? 1 : 0; },
    worker_recall: recall,
    worker_end: end,
    worker_busy: busy,
    serve: serve,
    reply: reply,
    leave: leave
  };
}
