/* host.c -- what the port to JavaScript imports, where Emscripten builds the program.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../wasm/host.h"

#include "host_js.h"

/* Emscripten takes what is behind the last blank for a parameter's name. */
/* clang-format off */

/* Statements behind an empty function are the script's own: they run before there is a module, and are there when there
 * is none. A worker whose module does not come only rejects a promise, of which its page hears nothing: as an error it
 * does, and Node does the same by itself. */
EM_JS(void, anyl_js_early, (void), {}
if (typeof WorkerGlobalScope === 'function' && self.name.indexOf('anyloop ') === 0) {
    self.onunhandledrejection = function (event) {
        event.preventDefault();
        throw event.reason;
    };
})

EM_JS(double, anyl_host_now, (void), { return performance.now(); })
EM_JS(void, anyl_host_log, (uint32_t level, const char* text, uint32_t size),
      { anyl_js_host().log(level, text, size); })
EM_JS(uint32_t, anyl_host_blocking, (void), { return anyl_js_host().blocking(); })
EM_JS(uint32_t, anyl_host_wait, (double ms), { return anyl_js_host().wait(ms); })
EM_JS(void, anyl_host_rouse, (void), { anyl_js_host().rouse(); })
EM_ASYNC_JS(void, anyl_js_suspend, (double ms), { await anyl_js_host().suspend(ms); })
EM_JS(void, anyl_js_turn_at, (void* data, double at, uint32_t turn), { anyl_js_host().turn_at(data, at, turn); })
EM_JS(uint32_t, anyl_host_workers, (void), { return anyl_js_host().workers(); })
EM_JS(uint32_t, anyl_host_worker_start, (anyl_worker* worker, const char* name, uint32_t size),
      { return anyl_js_host().worker_start(worker, name, size); })
EM_JS(void, anyl_host_worker_send,
      (uint32_t number, uint32_t ticket, const char* job, const void* head, uint32_t head_size, const void* body,
       uint32_t body_size),
      { anyl_js_host().worker_send(number, ticket, job, head, head_size, body, body_size); })
EM_JS(int32_t, anyl_host_worker_ahead, (uint32_t number), { return anyl_js_host().worker_ahead(number); })
EM_JS(void, anyl_host_worker_recall, (uint32_t number), { anyl_js_host().worker_recall(number); })
EM_JS(void, anyl_host_worker_end, (uint32_t number), { anyl_js_host().worker_end(number); })
EM_JS(void, anyl_host_worker_busy, (uint32_t number, int32_t busy), { anyl_js_host().worker_busy(number, busy); })
EM_JS(int32_t, anyl_host_serve, (void), { return anyl_js_host().serve(); })
EM_JS(void, anyl_host_reply,
      (uint32_t news, const void* head, uint32_t head_size, const void* body, uint32_t body_size),
      { anyl_js_host().reply(news, head, head_size, body, body_size); })

/* clang-format on */

/* Under another name in JavaScript: that of one which suspends. */
void anyl_host_suspend(double ms)
{
    anyl_js_suspend(ms);
}

/* The function as a number: a parameter that is one has no name that Emscripten could read. */
void anyl_host_turn_at(void *data, double deadline, void (*call)(void *data))
{
    anyl_js_turn_at(data, deadline, (uint32_t)(uintptr_t)call);
}
