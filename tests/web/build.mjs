// Where the build by Emscripten is that the cases are about.
export const BUILD = process.env.BUILD_DIR ?? new URL("../../build/web", import.meta.url).pathname;
