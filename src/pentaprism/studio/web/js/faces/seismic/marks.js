// Dead, filled and named traces as bars at the edges of a section and a veil over the trace.

import { runsOf } from "./words.js";

/** @typedef {{ kind: "dead" | "filled" | "named", traces: number[] }} Marks */

const VEIL = { dead: 0.28, filled: 0, named: 0.28 };
const BAR = 5;

/** @param {import("./frame.js").Scene} scene @param {Marks[]} marks @param {Element} element whose colours are used */
export function drawMarks({ context, onScreen, x, y, part }, marks, element) {
  const style = getComputedStyle(element);
  const colours = { dead: style.getPropertyValue("--bad"), filled: style.getPropertyValue("--good"), named: style.getPropertyValue("--accent") };
  const [top, bottom] = [Math.max(0, y(part.top)), y(part.bottom)];
  onScreen(() => {
    for (const { kind, traces } of marks) {
      context.fillStyle = colours[kind];
      for (const [first, last] of runsOf(traces)) {
        const left = x(first);
        const wide = Math.max(x(last + 1) - left, 1);
        context.globalAlpha = VEIL[kind];
        context.fillRect(left, top, wide, bottom - top);
        context.globalAlpha = 1;
        context.fillRect(left, top, wide, BAR);
        context.fillRect(left, bottom - BAR, wide, BAR);
      }
    }
  });
}
