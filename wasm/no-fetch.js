// no-fetch.js -- before an old Emscripten's program: in Node its module is read, not fetched.
if (typeof process === 'object' && process.versions && process.versions.node) {
  var fetch = undefined;
}
