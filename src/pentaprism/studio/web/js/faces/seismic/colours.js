// Colours for amplitudes in the browser, the same tables as those of the server's pictures. Zero takes the middle.

/** @type {Record<string, [number, [number, number, number]][]>} */
const STOPS = {
  gray: [[0, [0, 0, 0]], [1, [255, 255, 255]]],
  gray_r: [[0, [255, 255, 255]], [1, [0, 0, 0]]],
  seismic: [[0, [0, 0, 96]], [0.25, [20, 60, 230]], [0.5, [255, 255, 255]], [0.75, [225, 40, 20]], [1, [110, 0, 0]]],
  red_white_black: [[0, [178, 0, 0]], [0.25, [232, 74, 54]], [0.5, [255, 255, 255]], [0.75, [105, 105, 105]], [1, [0, 0, 0]]],
};
export const PALETTES = Object.keys(STOPS);
const HALF = 127;
const MIDDLE = 128;

/** 256 colours as 32-bit pixels; 1 is the lowest, 128 the middle and 255 the highest. @param {string} name */
export function palette(name) {
  const bytes = new Uint8ClampedArray(256 * 4);
  for (let index = 0; index < 256; index += 1) {
    const place = Math.min(Math.max((index - 1) / (2 * HALF), 0), 1);
    const next = Math.max(1, STOPS[name].findIndex(([at]) => at >= place));
    const [[low, from], [high, to]] = [STOPS[name][next - 1], STOPS[name][next]];
    const share = (place - low) / (high - low);
    for (let channel = 0; channel < 3; channel += 1) bytes[index * 4 + channel] = Math.round(from[channel] + (to[channel] - from[channel]) * share);
    bytes[index * 4 + 3] = 255;
  }
  return new Uint32Array(bytes.buffer);
}

/** @typedef {{ values: Float32Array, traces: number, samples: number }} Plane rows of traces */

/** Traces as columns of pixels. @param {Plane} plane @param {number} limit amplitude that takes the last colour @param {Uint32Array} colours @returns {HTMLCanvasElement} */
export function paint({ values, traces, samples }, limit, colours) {
  const canvas = document.createElement("canvas");
  canvas.width = traces;
  canvas.height = samples;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(traces, samples);
  const pixels = new Uint32Array(image.data.buffer);
  const scale = limit > 0 ? HALF / limit : 0;
  for (let trace = 0; trace < traces; trace += 1) {
    for (let sample = 0; sample < samples; sample += 1) {
      const place = values[trace * samples + sample] * scale;
      pixels[sample * traces + trace] = colours[MIDDLE + Math.round(Math.max(-HALF, Math.min(HALF, place)))];
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Means of neighbouring samples, so that no more than `most` are left. @param {Plane} plane @param {number} most @returns {Plane} */
export function shortened(plane, most) {
  const step = Math.ceil(plane.samples / most);
  if (step === 1) return plane;
  const samples = Math.ceil(plane.samples / step);
  const values = new Float32Array(plane.traces * samples);
  for (let trace = 0; trace < plane.traces; trace += 1) {
    for (let sample = 0; sample < samples; sample += 1) {
      const last = Math.min((sample + 1) * step, plane.samples);
      let sum = 0;
      for (let each = sample * step; each < last; each += 1) sum += plane.values[trace * plane.samples + each];
      values[trace * samples + sample] = sum / (last - sample * step);
    }
  }
  return { values, traces: plane.traces, samples };
}

/** The first plane less the second. @param {Plane} first @param {Plane} second @returns {Plane} */
export function difference(first, second) {
  return { ...first, values: first.values.map((value, index) => value - second.values[index]) };
}

/** The percentile of the magnitudes that are not zero. @param {Plane} plane @param {number} percent */
export function percentile({ values }, percent) {
  const step = Math.ceil(values.length / 400_000);
  const found = new Float32Array(Math.ceil(values.length / step));
  let count = 0;
  for (let index = 0; index < values.length; index += step) {
    if (values[index] !== 0) found[count++] = Math.abs(values[index]);
  }
  if (!count) return 0;
  const sorted = found.subarray(0, count).sort();
  return sorted[Math.min(count - 1, Math.round(((count - 1) * percent) / 100))];
}
