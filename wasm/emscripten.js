// emscripten.js -- the host of a module that Emscripten built: what host.js asks of it, in Emscripten's words.
anyloopHost({
  bytes: function () { return HEAPU8; },
  head: function (size) { return _anyl_wasm_head(size); },
  body: function (size) { return _anyl_wasm_body(size); },
  heard: function (worker, news, ticket, size, ran) { _anyl_wasm_heard(worker, news, ticket, size, ran); },
  find: function (size) { return _anyl_wasm_find(size); },
  serve: function (job, size) { _anyl_wasm_serve(job, size); },
  turn: function (turn, data) { _anyl_wasm_turn(turn, data); },
  text: function (pointer, size) { return size < 0 ? UTF8ToString(pointer) : UTF8ToString(pointer, size); },
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
    }
  },
  log: function (level, text) { err('anyloop: ' + (level === 1 ? 'error' : 'warning') + ': ' + text); },
  // Whether the program goes on when main returns: as it was linked, but for what is still to be done.
  stay: function (is) {
    if (this.stays === undefined) this.stays = noExitRuntime;
    noExitRuntime = is || this.stays;
  },
  suspends: function () { return typeof Asyncify === 'object'; },
  // A main that was suspended is one that Emscripten lost sight of. What it returns, and an exit(), are to end the program as
  // in C: what is buffered is written, and Module.onExit hears the status. A call that somebody waits for (ccall) has its
  // handlers as soon as it is suspended, a moment earlier. (The newest Emscriptens end the program, and tell no status.)
  suspending: function () {
    function end(run) {
      try {
        run();
      } catch (e) {
        handleException(e);
      }
    }
    if (typeof _main === 'function') Promise.resolve().then(function () {
      if (Asyncify.currData && !Asyncify.asyncPromiseHandlers) Asyncify.asyncPromiseHandlers = {
        resolve: function (status) {
          if (typeof status === 'number') end(function () { (typeof exitJS === 'function' ? exitJS : exit)(status, true); });
        },
        reject: function (e) { end(function () { throw e; }); }
      };
    });
  },
  builtin: function (name) { return typeof require === 'function' ? require(name) : process.getBuiltinModule(name); },
  // The script that the program's other copies run: beside the module, under its name, unless the page says otherwise.
  program: function () {
    var given = Module['anyloop'] && Module['anyloop']['program'];
    if (given) return given;
    if (typeof __filename === 'string') return this.builtin('url').pathToFileURL(__filename).href;
    return wasmBinaryFile.slice(0, -5) + '.js';
  },
  // A module's own is written out by cmake/web.cmake, so that bundlers understand it.
  worker: function (name) {
    var make = Module['anyloop'] && Module['anyloop']['worker'] || typeof anyloopWorker === 'function' && anyloopWorker;
    return make ? make(name) : new Worker(this.program(), {name: 'anyloop ' + name});
  },
  born: typeof WorkerGlobalScope === 'function' && typeof self === 'object' && self.name.indexOf('anyloop ') === 0 ? {} : null
})
