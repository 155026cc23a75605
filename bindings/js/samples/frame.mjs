// A loop that frames turn, as a game or a canvas has them: 4 ms of each are the tasks'.
import { newEventLoop, sleep } from "anyloop";

const requestFrame = globalThis.requestAnimationFrame ?? ((frame) => setTimeout(frame, 16)); // Node has none
const loop = await newEventLoop({ hosted: false });
const scene = { tiles: 0, ball: 0 };

function* decodeTile() {
  for (const end = performance.now() + 0.05; performance.now() < end;); // hard work, but not for long
  scene.tiles++;
}

function* bounce() {
  for (; scene.ball < 5; scene.ball++) yield* sleep(20); // at its own pace, whatever that of the frames is
}

const tasks = [loop.createTask(bounce()), ...Array.from({ length: 400 }, () => loop.createTask(decodeTile()))];
let frames = 0, cut = 0;

function frame(over) {
  const end = performance.now() + 4;
  let turn;
  do turn = loop.turn(end - performance.now());
  while (turn.deadline === 0 && performance.now() < end); // 0: more is ready
  if (turn.interrupted) cut++; // its time was over: what is left goes on in the next frame
  frames++; // and here the scene is drawn
  if (tasks.every((task) => task.done())) over();
  else requestFrame(() => frame(over));
}

await new Promise(frame);
console.log(`${scene.tiles} tiles, the ball is at ${scene.ball}`);
console.log(`many frames: ${frames > 4}, and some of them too short for all that was ready: ${cut > 0}`);
await loop.close();
