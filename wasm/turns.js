// turns.js -- when the loops of a module are turned: each turn is a macrotask, and there is one timer at a time.
//
// Owns:          what is to be turned, and when.
// Must not know: workers, or how the module was built: `env` says what differs between Emscripten's and a plain one.
//
// Times are ms on `now`, negative ones never. Old syntax on purpose: Debian's Emscripten takes no newer.
function anyloopTurns(env) {
  var LONGEST = 0x7fffffff;
  var turns = new Map(), timer = null, timerAt = Infinity, taskDue = false, turning = false, channel = null, tasks = [];

  function now() {
    return performance.now();
  }

  function task(run) {
    if (typeof setImmediate === 'function') {
      setImmediate(run);
      return;
    }
    if (!channel) {
      channel = new MessageChannel();
      channel.port1.onmessage = function () { tasks.shift()(); };
    }
    tasks.push(run);
    channel.port2.postMessage(0);
  }

  function arrange() {
    var next = Infinity, time = now();
    turns.forEach(function (entry) { next = Math.min(next, entry.at); });
    if (next <= time) {
      if (!taskDue) {
        taskDue = true;
        task(runTurns);
      }
    } else if (next !== timerAt) {
      clearTimeout(timer);
      timerAt = next;
      timer = next === Infinity ? null : setTimeout(timeUp, Math.min(Math.ceil(next - time), LONGEST));
    }
  }

  function timeUp() {
    timerAt = Infinity;
    timer = null;
    runTurns();
  }

  function runTurns() {
    var time = now(), due = [];
    taskDue = false;
    turning = true;
    env.stay(false); // when it calls exit, the program ends
    turns.forEach(function (entry, data) { if (entry.at <= time) due.push([entry, data]); });
    try {
      due.forEach(function (item) {
        if (turns.get(item[1]) === item[0]) { // not taken back by one before it
          turns.delete(item[1]);
          env.turn(item[0].turn, item[1]);
          if (env.ended()) turns.clear();
        }
      });
    } finally { // one that throws costs the others nothing
      turning = false;
      env.stay(turns.size > 0);
      arrange();
    }
  }

  // In a macrotask that is there already, a message's: what `run` wakes is turned at its end, and not in another one,
  // which costs 3 us.
  function during(run) {
    if (turning || taskDue) {
      run();
      return;
    }
    taskDue = true;
    try {
      run();
    } finally {
      runTurns();
    }
  }

  function turnAt(data, at, turn) {
    if (at < 0) turns.delete(data);
    else turns.set(data, {at: at, turn: turn});
    if (!turning) env.stay(turns.size > 0);
    arrange();
  }

  return {
    now: now,
    task: task,
    during: during,
    turn_at: turnAt
  };
}
