# cmake -D PROGRAM=... -P run_example.cmake, in an example's folder: runs the program (a list: what runs it, first) and compares what it prints with
# expected.txt, to the letter. A file that begins with "$ " is a transcript: after each line "$ NAME ARGUMENT..." comes what
# that run prints, the errors too, and "[status N]" when it does not end with 0. Otherwise it is what one run without arguments prints.
file(READ expected.txt expected)

if(expected MATCHES "^\\$ ")
  string(REGEX MATCHALL "\\$ [^\n]*" commands "${expected}")
else()
  set(commands "")
endif()

function(run out)
  execute_process(COMMAND ${PROGRAM} ${ARGN} OUTPUT_VARIABLE printed ERROR_VARIABLE printed RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    string(APPEND printed "[status ${status}]\n")
  endif()
  set(${out} "${printed}" PARENT_SCOPE)
endfunction()

if(commands)
  set(got "")
  foreach(command IN LISTS commands)
    string(REGEX REPLACE "^\\$ [^ ]+ ?" "" arguments "${command}")
    separate_arguments(arguments UNIX_COMMAND "${arguments}")
    run(printed ${arguments})
    string(APPEND got "${command}\n${printed}")
  endforeach()
else()
  run(got)
endif()

if(NOT got STREQUAL expected)
  message(NOTICE "expected:\n${expected}\ngot:\n${got}")
  list(JOIN PROGRAM " " program)
  message(FATAL_ERROR "${program} does not print expected.txt")
endif()
