# Headers, library, find_package(anyloop) and pkg-config. tests/install/ really installs and uses all of it.

include(CMakePackageConfigHelpers)

if(ANYLOOP_AMALGAMATED)
  install(FILES ${amalgamation}/anyloop.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
else()
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/core/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
endif()
install(TARGETS anyloop EXPORT anyloop)
# The interface as data, for those who bind it.
install(FILES ${PROJECT_SOURCE_DIR}/core/api.json DESTINATION ${CMAKE_INSTALL_DATADIR}/anyloop)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/anyloop)
install(EXPORT anyloop NAMESPACE anyloop:: FILE anyloop-targets.cmake DESTINATION ${package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/anyloop-config.cmake.in
  ${PROJECT_BINARY_DIR}/anyloop-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/anyloop-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/anyloop-config.cmake ${PROJECT_BINARY_DIR}/anyloop-config-version.cmake
  DESTINATION ${package_dir})

install(FILES ${PROJECT_SOURCE_DIR}/cmake/web.cmake DESTINATION ${package_dir} RENAME anyloop-web.cmake)
if(EMSCRIPTEN)
  install(FILES ${PROJECT_SOURCE_DIR}/wasm/no-fetch.js DESTINATION ${CMAKE_INSTALL_DATADIR}/anyloop)
endif()

# The paths in the .pc file start at the file itself, so that the installed tree can be moved.
set(pc_libs "")
set(pc_libs_private "")
if(ANYLOOP_PORT STREQUAL "posix" AND BUILD_SHARED_LIBS)
  set(pc_libs_private "-pthread")
elseif(ANYLOOP_PORT STREQUAL "posix")
  set(pc_libs " -pthread")
endif()
cmake_path(SET pc_dir "/${CMAKE_INSTALL_LIBDIR}/pkgconfig")
cmake_path(RELATIVE_PATH pc_dir BASE_DIRECTORY "/" OUTPUT_VARIABLE pc_here)
string(REGEX REPLACE "[^/]+" ".." pc_up "${pc_here}")
configure_file(${PROJECT_SOURCE_DIR}/cmake/anyloop.pc.in ${PROJECT_BINARY_DIR}/anyloop.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/anyloop.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
