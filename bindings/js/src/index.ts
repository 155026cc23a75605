/// <reference lib="esnext.disposable" preserve="true" />
// index.ts -- what the package is.
export { allTasks, asCompleted, type Body, Completions, type CompletionsOptions, createTask, currentTask, ensureFuture,
  gather, type GatherOptions, type ReturnWhen, shield, sleep, TaskGroup, Timeout, timeout, wait, waitFor,
  type WaitOptions } from "./compose.js";
export { type Context, ContextVar, copyContext } from "./context.js";
export { getEventLoop, newEventLoop, setEventLoop } from "./current.js";
export type { AnyWorker } from "./pool-worker.js";
export { type Job, job, type JobOptions, runInExecutor, runInExecutorWhenFree } from "./executor.js";
export { AnyloopError, CancelledError, ExceptionGroup, TimeoutError } from "./errors.js";
export { type Awaitable, type Coroutine, Future, type Operation, Task } from "./future.js";
export { type Figures, figures, formatTree, type LoopFigures, loopFigures, stallReport } from "./inspect.js";
export { load, type Program } from "./load.js";
export { type ExceptionContext, type Handle, Loop, type LoopOptions, type TaskOptions, type Turn } from "./loop.js";
export { type PoolFigures, type ShutdownOptions, WorkerPool, type WorkerPoolOptions } from "./pool.js";
export type { Foreign } from "./native-calls.js";
export { type Native, native, nativeExports, nativeJob, type NativeOptions } from "./native.js";
export { getRunningLoop, type OnLoop } from "./present.js";
export { LifoQueue, PriorityQueue, Queue, type QueueOptions } from "./queue.js";
export { run, Runner, type RunnerOptions } from "./run.js";
export { abortable, type Main } from "./spawn.js";
export { Barrier, Condition, Event, Lock, Semaphore, type SemaphoreOptions } from "./sync.js";
