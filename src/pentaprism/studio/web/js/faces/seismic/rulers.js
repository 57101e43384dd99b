// Rulers at the edges of a section: trace numbers along the top, times down the side.

/** Round steps of 1, 2, 5 times a power of ten, at least `least`. @param {number} least */
export function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((digit) => digit * power).find((step) => step >= least) ?? power * 10;
}

/** A canvas at the size of its element on the screen, ready to draw in its CSS pixels. @param {HTMLCanvasElement} canvas */
function sheet(canvas) {
  const ratio = devicePixelRatio || 1;
  const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  const style = getComputedStyle(canvas);
  context.font = `11px ${style.fontFamily}`;
  context.fillStyle = context.strokeStyle = style.color;
  return context;
}

/**
 * Trace numbers along the top. `place` turns a trace into its middle on the screen.
 * @param {HTMLCanvasElement} canvas @param {number} first @param {number} last @param {number} across pixels a trace @param {(trace: number) => number} place
 */
export function traceRuler(canvas, first, last, across, place) {
  const context = sheet(canvas);
  const step = Math.max(1, roundStep(64 / across));
  context.textAlign = "center";
  context.beginPath();
  for (let trace = Math.ceil(first / step) * step; trace <= last; trace += step) {
    const x = place(trace);
    if (x < 14 || x > canvas.clientWidth - 14) continue;
    context.fillText(trace.toLocaleString(), x, 12);
    context.moveTo(x, 16);
    context.lineTo(x, 22);
  }
  context.stroke();
}

/**
 * Times down the side; sample numbers where the interval is not known.
 * @param {HTMLCanvasElement} canvas @param {number} from @param {number} to in the unit shown @param {(value: number) => number} place screen place of a value
 */
export function timeRuler(canvas, from, to, place) {
  const context = sheet(canvas);
  const wide = canvas.clientWidth;
  const step = roundStep(((to - from) * 40) / Math.max(canvas.clientHeight, 1) || 1);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.beginPath();
  for (let index = Math.ceil(from / step - 1e-9); index * step <= to; index += 1) {
    const y = place(index * step);
    if (y < 7 || y > canvas.clientHeight - 7) continue;
    context.fillText((index * step).toLocaleString(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits }), wide - 9, y);
    context.moveTo(wide - 6, y);
    context.lineTo(wide, y);
  }
  context.stroke();
}
