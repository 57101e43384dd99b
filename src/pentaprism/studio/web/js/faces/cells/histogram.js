// How a measure is spread over the objects. A bar chooses its objects, and what is chosen shows in the bars.

import { fill, h, svg } from "../../dom.js";
import { MEASURES, shown, titleOf, unitOf, valueOf } from "./measures.js";

const WIDTH = 320;
const HEIGHT = 170;
const FOOT = 22;
const MOST_BARS = 20;

/** @typedef {import("./api.js").Polygon} Polygon */
/** @typedef {{ from: number, to: number, objects: Polygon[] }} Bar */

/** @param {import("./model.js").Model} model @param {() => boolean} calibrated */
export function histogram(model, calibrated) {
  const choice = h("select", { "aria-label": "Measure", onchange: () => draw() });
  const chart = h("div", { class: "histogram" });
  const summary = h("dl", { class: "summary" });

  function draw() {
    const key = choice.value || "area";
    fill(choice, MEASURES.map((measure) => h("option", { value: measure.key, selected: measure.key === key }, titleOf(measure, calibrated()))));
    const measure = MEASURES.find((each) => each.key === key) ?? MEASURES[0];
    const found = model.objects.map((object) => ({ object, value: valueOf(object, measure, calibrated()) })).filter(({ value }) => value !== null);
    const values = found.map(({ value }) => Number(value)).sort((a, b) => a - b);
    if (!values.length) {
      fill(chart, h("p", { class: "empty" }, "Nothing to show yet."));
      fill(summary);
      return;
    }
    fill(chart, bars(barsOf(found.map(({ object, value }) => ({ object, value: Number(value) }))), measure.title, unitOf(measure, calibrated())));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
    const middle = (values[Math.floor((values.length - 1) / 2)] + values[Math.ceil((values.length - 1) / 2)]) / 2;
    const facts = { Objects: values.length, Mean: mean, Median: middle, "Standard deviation": values.length > 1 ? spread : null, Smallest: values[0], Largest: values[values.length - 1] };
    fill(summary, Object.entries(facts).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, shown(value))]));
  }

  /** @param {Bar[]} all @param {string} title @param {string} unit */
  function bars(all, title, unit) {
    const most = Math.max(...all.map(({ objects }) => objects.length));
    const step = WIDTH / all.length;
    const tall = HEIGHT - FOOT - 14;
    /** @param {number} count */
    const height = (count) => (tall * count) / most;
    const drawn = all.map(({ from, to, objects }, index) => {
      const chosen = objects.filter(({ id }) => model.selected.has(id)).length;
      const text = `${objects.length} from ${shown(from)} to ${shown(to)} ${unit}`;
      const group = svg("g", { tabindex: objects.length ? 0 : -1, role: "button", "aria-label": text, class: "bar-group" }, svg("title", {}, text),
        svg("rect", { x: index * step, y: 14, width: step, height: tall, class: "room" }),
        svg("rect", { x: index * step + 1, y: 14 + tall - height(objects.length), width: Math.max(1, step - 2), height: height(objects.length), class: "bar", rx: 1.5 }),
        chosen ? svg("rect", { x: index * step + 1, y: 14 + tall - height(chosen), width: Math.max(1, step - 2), height: height(chosen), class: "chosen", rx: 1.5 }) : null);
      const choose = () => model.select(objects.map(({ id }) => id), "other");
      group.addEventListener("click", choose);
      group.addEventListener("keydown", (event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), choose()));
      return group;
    });
    return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": `Histogram of ${title}` }, drawn, svg("line", { x1: 0, x2: WIDTH, y1: HEIGHT - FOOT, y2: HEIGHT - FOOT, class: "axis" }),
      svg("text", { x: 0, y: HEIGHT - 6 }, shown(all[0].from)), svg("text", { x: WIDTH, y: HEIGHT - 6, "text-anchor": "end" }, `${shown(all[all.length - 1].to)} ${unit}`), svg("text", { x: 0, y: 10 }, `${most} at most`));
  }

  model.addEventListener("change", draw);
  model.addEventListener("measure", draw);
  model.addEventListener("select", draw);
  draw();
  return { element: h("div", { class: "stack" }, choice, chart, summary), draw };
}

/** Bars of equal width, about as many as Sturges (1926) and a small sample advise. @param {{ object: Polygon, value: number }[]} found @returns {Bar[]} */
function barsOf(found) {
  const values = found.map(({ value }) => value);
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const count = low === high ? 1 : Math.min(MOST_BARS, Math.ceil(Math.log2(values.length)) + 4);
  const step = (high - low) / count;
  const all = Array.from({ length: count }, (_, index) => ({ from: low + index * step, to: low + (index + 1) * step, objects: /** @type {Polygon[]} */ ([]) }));
  for (const { object, value } of found) all[step ? Math.min(count - 1, Math.floor((value - low) / step)) : 0].objects.push(object);
  return all;
}
