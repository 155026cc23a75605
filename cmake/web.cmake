# anyloop_web_program(TARGET [SUSPEND asyncify|jspi|none] [MODULE]): an executable that links anyloop is to run in pages too.
#
#   SUSPEND  how a run function waits in a page: `asyncify` (the default) in any browser, at the price of a larger and slower
#            module; `jspi` in those that have JavaScript Promise Integration, by Emscripten 3.1.69 or newer; `none`: it does
#            not, and fails with ANYLOOP_E_WOULD_BLOCK. That is for programs that only anyloop_start their loop.
#   MODULE   an ES module, TARGET.mjs, instead of a script: its default export runs the program. A bundler follows it to
#            the .wasm file and to its workers, which are the module itself. Node takes it if -sENVIRONMENT=web,worker,node is
#            linked with too, by Emscripten 3.1.69 or newer; bundlers do not take that one.
#
# It is part of the package too. In any other build it does nothing: a program's CMakeLists.txt is the same everywhere.
function(anyloop_web_program target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "MODULE" "SUSPEND" "")
  if(DEFINED arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "anyloop_web_program: what is '${arg_UNPARSED_ARGUMENTS}'? It takes SUSPEND asyncify|jspi|none, and MODULE")
  endif()
  if(DEFINED arg_KEYWORDS_MISSING_VALUES)
    set(arg_SUSPEND "")
  endif()
  if(NOT DEFINED arg_SUSPEND)
    set(arg_SUSPEND asyncify)
  elseif(NOT arg_SUSPEND MATCHES "^(asyncify|jspi|none)$")
    message(FATAL_ERROR "anyloop_web_program: SUSPEND is '${arg_SUSPEND}'; it must be asyncify, jspi or none")
  endif()
  if(NOT EMSCRIPTEN)
    return()
  endif()

  if(arg_SUSPEND STREQUAL "asyncify")
    target_link_options(${target} PRIVATE -sASYNCIFY)
  elseif(arg_SUSPEND STREQUAL "jspi")
    if(EMSCRIPTEN_VERSION VERSION_LESS 3.1.69)
      message(FATAL_ERROR "anyloop_web_program: SUSPEND jspi needs Emscripten 3.1.69 or newer, this is ${EMSCRIPTEN_VERSION}")
    endif()
    target_link_options(${target} PRIVATE -sJSPI -Wno-experimental)
  endif()

  if(arg_MODULE)
    # Its worker has a name that is written out, as Vite wants it, and by which the module knows where it runs.
    set(before ${CMAKE_CURRENT_BINARY_DIR}/${target}-before.js)
    set(behind ${CMAKE_CURRENT_BINARY_DIR}/${target}-behind.js)
    file(GENERATE OUTPUT ${before} CONTENT
"const anyloopModule = () => import.meta.url;
const anyloopWorker = () => new Worker(new URL('./$<TARGET_FILE_NAME:${target}>', import.meta.url), { type: 'module', name: 'anyloop worker' });
")
    file(GENERATE OUTPUT ${behind} CONTENT
      "if (typeof WorkerGlobalScope === 'function' && self.name === 'anyloop worker') Module();\n")
    # Not for Node too: such a module imports what bundlers do not find.
    target_link_options(${target} PRIVATE -sMODULARIZE -sEXPORT_ES6 -sENVIRONMENT=web,worker
      "SHELL:--extern-pre-js ${before}" "SHELL:--extern-post-js ${behind}")
    set_target_properties(${target} PROPERTIES SUFFIX .mjs LINK_DEPENDS "${before};${behind}")
  endif()
endfunction()
