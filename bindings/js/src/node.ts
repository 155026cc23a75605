// node.ts -- where this runs, for both scripts: a job's worker loads worker.js alone.
export const isNode = typeof process === "object" && !!process.versions?.node;
