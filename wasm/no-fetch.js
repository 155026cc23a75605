// no-fetch.js -- before an old Emscripten's program: in Node its module is read, not fetched.
var fetch = typeof process === 'object' && process.versions && process.versions.node ? undefined : globalThis.fetch;
