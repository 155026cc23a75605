// emscripten.js -- the environment of a module that Emscripten built: what turns.js and host.js ask of it, in its words.
{
  bytes: function () { return HEAPU8; },
  head: function (size) { return _anyl_wasm_head(size); },
  body: function (size) { return _anyl_wasm_body(size); },
  heard: function (worker, news, ticket, size, ran) { _anyl_wasm_heard(worker, news, ticket, size, ran); },
  find: function (size) { return _anyl_wasm_find(size); },
  serve: function (job, size) { _anyl_wasm_serve(job, size); },
  turn: function (turn, data) {
    try {
      _anyl_wasm_turn(turn, data);
    } catch (e) {
      if (!(e instanceof ExitStatus) && e !== 'unwind') throw e;
      handleException(e); // which knows what exit throws
    }
  },
  ended: function () {
    if (ABORT) anyl_js_host.made.leave();
    return ABORT;
  },
  // Not by UTF8ToString, which newer ones link for C that needs it alone.
  text: function (pointer, size) {
    pointer >>>= 0;
    return new TextDecoder().decode(HEAPU8.slice(pointer, size < 0 ? HEAPU8.indexOf(0, pointer) : pointer + size));
  },
  print: function (error, text) { (error ? err : out)(text); },
  printBy: function (print) {
    out = function (text) { print(0, text); };
    err = function (text) { print(1, text); };
  },
  // What is written to a pipe has left before the program ends or blocks, as from any C program: Node would keep what the
  // pipe does not take at once, and with NODERAWFS that is an error. With NODERAWFS, too, each stream claims to be a terminal.
  open: function () {
    for (var fd = 0; fd < 3; fd++) {
      var stream = typeof FS === 'object' && FS.streams && FS.streams[fd];
      if (stream && stream.nfd !== undefined) stream.tty = this.builtin('tty').isatty(fd);
    }
    if (typeof process === 'object') {
      [process.stdout, process.stderr].forEach(function (stream) {
        if (stream && stream._handle && stream._handle.setBlocking) stream._handle.setBlocking(true);
      });
      // A program that went on behind main ends here: with atexit functions, and with what stdout still holds.
      process.on('beforeExit', function () {
        if (typeof exitRuntime === 'function' && runtimeInitialized && !runtimeExited && !ABORT) exitRuntime();
      });
    }
  },
  log: function (level, text) { err('anyloop: ' + (level === 1 ? 'error' : 'warning') + ': ' + text); },
  // Whether the program goes on when main returns, for what is still to be done. One that is linked never to end has no count.
  stay: function (is) {
    if (is === this.stays || typeof runtimeKeepaliveCounter !== 'number') return;
    this.stays = is;
    runtimeKeepaliveCounter += is ? 1 : -1;
  },
  stays: false,
  suspends: function () { return typeof Asyncify === 'object'; },
  // Of a main that Asyncify suspends, Emscripten forgets to end the program when it has returned indeed. (Others have no data.)
  suspended: function () {
    if (Asyncify.currData && !Asyncify.asyncPromiseHandlers) {
      Asyncify.whenDone().then(function (status) {
        if (!ABORT) (typeof exitJS === 'function' ? exitJS : exit)(status, true);
      }).catch(handleException);
    }
  },
  builtin: function (name) { return typeof require === 'function' ? require(name) : process.getBuiltinModule(name); },
  // The script that the program's other copies run: beside the module, under its name, unless the page says otherwise.
  program: function () {
    var given = Module['anyloop'] && Module['anyloop']['program'];
    if (given) return given;
    if (typeof anyloopModule === 'function') return anyloopModule();
    if (typeof __filename === 'string') return this.builtin('url').pathToFileURL(__filename).href;
    return wasmBinaryFile.slice(0, -5) + '.js';
  },
  // A module's own is written out by cmake/web.cmake, so that bundlers understand it.
  worker: function (name) {
    var make = Module['anyloop'] && Module['anyloop']['worker'] || typeof anyloopWorker === 'function' && anyloopWorker;
    return make ? make(name) : new Worker(this.program(), {name: 'anyloop ' + name});
  },
  born: typeof WorkerGlobalScope === 'function' && typeof self === 'object' && self.name.indexOf('anyloop ') === 0 ? {} : null
}
