// Charts as SVG: bars beside words, and columns over days. Each carries its numbers as text for those who do not see it.

import { h, svg } from "../../dom.js";

const ROW = 30;
const NAMES = 130;

/** Units across: fewer on a narrow screen, so that the words stay readable. */
const across = () => (innerWidth < 640 ? 340 : 560);

/** Bars beside words. @param {string} title @param {{ name: string, value: number }[]} rows */
export function bars(title, rows) {
  const most = Math.max(1, ...rows.map((row) => row.value));
  const wide = across();
  const room = wide - NAMES - 50;
  return h("figure", { class: "chart" }, h("figcaption", {}, title),
    svg("svg", { viewBox: `0 0 ${wide} ${Math.max(rows.length, 1) * ROW}`, role: "img", "aria-label": `${title}: ${rows.map((row) => `${row.name} ${row.value}`).join(", ")}` },
      rows.map((row, index) => {
        const y = index * ROW;
        const length = (row.value / most) * room;
        return svg("g", {}, svg("text", { x: NAMES - 10, y: y + 20, "text-anchor": "end", class: "word" }, row.name),
          svg("rect", { x: NAMES, y: y + 5, width: Math.max(length, 2), height: ROW - 10, rx: 4, class: "bar" }),
          svg("text", { x: NAMES + length + 8, y: y + 20, class: "value" }, String(row.value)));
      })));
}

const TALL = 190;
const FOOT = 24;

/** Stacked columns over days. @param {string} title @param {{ name: string, good: number, bad: number }[]} days */
export function columns(title, days) {
  const most = Math.max(1, ...days.map((day) => day.good + day.bad));
  const wide = across();
  const step = wide / days.length;
  const every = wide < 400 ? 4 : 2;
  const unit = (TALL - FOOT - 20) / most;
  return h("figure", { class: "chart" }, h("figcaption", {}, title),
    svg("svg", { viewBox: `0 0 ${wide} ${TALL}`, role: "img", "aria-label": `${title}: ${days.filter((day) => day.good + day.bad).map((day) => `${day.name} ${day.good + day.bad}`).join(", ") || "none"}` },
      svg("line", { x1: 0, x2: wide, y1: TALL - FOOT, y2: TALL - FOOT, class: "axis" }),
      days.map((day, index) => {
        const x = index * step + step * 0.18;
        const width = step * 0.64;
        const good = day.good * unit;
        const bad = day.bad * unit;
        const foot = TALL - FOOT;
        return svg("g", {}, svg("title", {}, `${day.name}: ${day.good} done${day.bad ? `, ${day.bad} failed` : ""}`),
          svg("rect", { x: index * step, y: 0, width: step, height: foot, class: "room" }),
          good ? svg("rect", { x, y: foot - good, width, height: good, rx: 3, class: "bar" }) : null,
          bad ? svg("rect", { x, y: foot - good - bad, width, height: bad, rx: 3, class: "bar bad" }) : null,
          good + bad ? svg("text", { x: x + width / 2, y: foot - good - bad - 5, "text-anchor": "middle", class: "value" }, String(day.good + day.bad)) : null,
          (days.length - 1 - index) % every === 0 ? svg("text", { x: x + width, y: TALL - 7, "text-anchor": "end", class: "word" }, day.name) : null);
      })));
}
