# ANYLOOP_NODE is the Node that runs what is built for JavaScript hosts; ANYLOOP_NODE_20: it is 20.16 or newer, which gives
# modules its own ones.

find_program(ANYLOOP_NODE node)
set(ANYLOOP_NODE_20 FALSE)
if(ANYLOOP_NODE)
  execute_process(COMMAND ${ANYLOOP_NODE} -p process.versions.node OUTPUT_VARIABLE ANYLOOP_NODE_VERSION
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(ANYLOOP_NODE_VERSION VERSION_GREATER_EQUAL 20.16)
    set(ANYLOOP_NODE_20 TRUE)
  endif()
endif()
