// pulse.js -- shows that the page goes on: a bar for each frame, as high as the pause before it was long.
const SHOWN = 240, TALLEST = 100; // frames; ms

export class Pulse {
  pauses = [];
  last = performance.now();
  longest = 0; // since it was set to 0

  constructor(canvas, text) {
    Object.assign(this, { canvas, text, still: matchMedia("(prefers-reduced-motion: reduce)") });
    const frame = (now) => {
      this.beat(now);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    setInterval(() => this.say(), 500);
    // A hidden page has no frames, which is no pause.
    document.addEventListener("visibilitychange", () => { this.last = performance.now(); });
  }

  beat(now) {
    const pause = Math.max(0, now - this.last);
    this.last = now;
    this.longest = Math.max(this.longest, pause);
    this.pauses.push(pause);
    if (this.pauses.length > SHOWN) this.pauses.shift();
    if (!this.still.matches) this.draw();
  }

  draw() {
    const { canvas } = this, ratio = devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d"), step = width / SHOWN;
    context.clearRect(0, 0, width, height);
    context.fillStyle = getComputedStyle(canvas).color;
    this.pauses.forEach((pause, i) => {
      const tall = Math.max(ratio, height * Math.min(1, pause / TALLEST));
      context.globalAlpha = .25 + .75 * (i + SHOWN - this.pauses.length) / SHOWN;
      context.fillRect((i + SHOWN - this.pauses.length) * step, height - tall, Math.max(1, step - ratio / 2), tall);
    });
  }

  say() {
    const second = [];
    for (let i = this.pauses.length - 1, sum = 0; i >= 0 && sum < 1000; i--) sum += second[second.push(this.pauses[i]) - 1];
    if (second.length === 0) return;
    this.text.textContent = `${second.length} frames a second, longest pause ${Math.ceil(Math.max(...second))} ms`;
  }
}
