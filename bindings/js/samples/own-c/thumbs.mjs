// thumbs.mjs -- thumbnails by a library of C, in workers: thumbs.c says how thumbs.wasm is built.
import { load, native, nativeJob, run } from "anyloop";

await load(new URL("./thumbs.wasm", import.meta.url));
const thumbnail = nativeJob("thumbnail"), totalSize = native("total_size");

// A test picture: the header of a PPM file and its pixels.
function picture(width, height) {
  const header = new TextEncoder().encode(`P6 ${width} ${height} 255\n`), pixels = new Uint8Array(3 * width * height);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (i * 7) & 255;
  return new Uint8Array([...header, ...pixels]);
}

await run(function* () {
  const large = picture(320, 200);
  const png = yield* thumbnail([large, 32]);
  console.log(`a PNG: ${png[1] === 80 && png[2] === 78}, ${new DataView(png.buffer).getUint32(16)} pixels wide`);
  console.log(`two take ${(yield* totalSize([[large, 32], [large, 64]])) > png.length} more than one`);
  try {
    yield* thumbnail([new Uint8Array(10), 32]);
  } catch (error) {
    console.log(`${error.code}: ${error.message}`);
  }
});
