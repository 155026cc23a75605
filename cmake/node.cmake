# ANYLOOP_NODE is the Node that runs what is built for JavaScript hosts; ANYLOOP_NODE_20: it is 20 or newer.

find_program(ANYLOOP_NODE node)
set(ANYLOOP_NODE_20 FALSE)
if(ANYLOOP_NODE)
  execute_process(COMMAND ${ANYLOOP_NODE} -p "+(parseInt(process.versions.node) >= 20)" OUTPUT_VARIABLE ANYLOOP_NODE_20
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
