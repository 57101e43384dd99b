// One dataset: the section to look at, what is known of it, its headers, its traces, its jobs.

import { custom, field, fill, h, icon } from "../../dom.js";
import { number } from "../../format.js";
import { formDialog } from "../../elements/dialog.js";
import { go } from "../../router.js";
import { toast, toastError } from "../../toasts.js";
import { change, dataset as load, linked, samples, traces } from "./api.js";
import { facts, filledOf, headers, overview } from "./facts.js";
import { gatherPicker } from "./gathers.js";
import { jobsOf } from "./joblist.js";
import { chip, choice, drop } from "./list.js";
import { lookControls } from "./look.js";
import { readNpy } from "./npy.js";
import { Section } from "./section.js";
import { follow } from "./socket.js";
import { tabs } from "./tabs.js";
import { traceTable } from "./traces.js";
import { ENDINGS, FORMATS, KEYS, rate, size } from "./words.js";

/** @param {string} id */
export async function datasetPage(id) {
  const room = h("section", { class: "stack" });
  draw(room, await load(id));
  return room;
}

/** @param {HTMLElement} room @param {import("./api.js").Dataset} dataset */
function draw(room, dataset) {
  const ready = dataset.status === "ready";
  fill(room, h("p", { class: "crumb" }, h("a", { href: "#/seismic" }, "‹ Datasets")), head(room, dataset),
    dataset.status === "failed" ? h("div", { class: "empty error", role: "alert" }, h("p", {}, dataset.error?.message ?? "The file could not be read."), h("p", { class: "quiet" }, "The file can still be downloaded or deleted.")) : null,
    dataset.status === "processing" ? waiting(room, dataset) : null,
    ready && dataset.sample_interval_us === null ? h("p", { class: "card warn" }, "The file does not say its sample interval. ", h("button", { type: "button", class: "link", onclick: () => edit(room, dataset) }, "Tell it"), " to see times and to download SEG-Y or miniSEED.") : null,
    ready ? viewer(dataset) : null,
    ready ? tabs("About the dataset", [
      { title: "Overview", make: () => overview(dataset) }, { title: "Headers", make: () => headers(dataset) },
      { title: "Traces", make: () => traceTable(dataset) }, { title: "Jobs", make: () => jobsOf(dataset.id) },
    ]) : null);
}

/** @param {HTMLElement} room @param {import("./api.js").Dataset} dataset */
function head(room, dataset) {
  const ready = dataset.status === "ready";
  return h("div", { class: "row spread top" },
    h("div", { class: "title grow" }, h("h1", {}, dataset.name), h("div", { class: "row" }, chip(dataset.status), h("small", {}, [FORMATS[dataset.format], ready ? size(dataset) : null, ready ? rate(dataset.sample_rate, dataset.sample_interval_us) : null].filter(Boolean).join(" · ")),
      dataset.tags.map((tag) => h("span", { class: "chip" }, tag))), dataset.description ? h("p", { class: "description" }, dataset.description) : null),
    h("div", { class: "row" }, ready ? h("a", { class: "button primary", href: `#/seismic/datasets/${dataset.id}/job` }, "New job") : null,
      downloads(dataset.download_url, dataset, dataset.status !== "processing"), ready ? h("button", { type: "button", onclick: () => edit(room, dataset) }, "Edit") : null,
      h("button", { type: "button", class: "plain", "aria-label": `Delete: ${dataset.name}`, onclick: async () => (await drop(dataset)) && go("/seismic") }, icon("trash"))));
}

/** Links to the bytes in every format. @param {string} link @param {{ format: string, sample_interval_us: number | null, status: string }} dataset @param {boolean} there whether there are bytes @param {...(HTMLElement | null)} more */
export function downloads(link, dataset, there, ...more) {
  if (!there) return null;
  const formats = dataset.status === "ready" ? Object.keys(FORMATS) : [dataset.format];
  const close = (/** @type {Event} */ event) => /** @type {HTMLElement} */ (event.currentTarget).closest("details")?.removeAttribute("open");
  return h("details", { class: "menu" }, h("summary", { class: "button" }, icon("download"), "Download"),
    h("ul", { class: "card" }, formats.map((format) => {
      const own = format === dataset.format;
      if (!own && dataset.sample_interval_us === null && (format === "segy" || format === "miniseed")) return h("li", { class: "quiet" }, `${FORMATS[format]}: needs the sample interval`);
      return h("li", {}, h("a", { href: linked(link, own ? {} : { format }), download: "", onclick: close }, `${FORMATS[format]} (${ENDINGS[format]})${own ? ", as it is" : ""}`));
    }), more.filter((each) => each !== null).map((each) => h("li", {}, each))));
}

/** @param {HTMLElement} room @param {import("./api.js").Dataset} dataset */
function waiting(room, dataset) {
  const bar = custom("pt-progress", { label: "The file is being read" });
  const again = async () => {
    try {
      const found = await load(dataset.id);
      if (found.status === "processing") return;
      stop();
      draw(room, found);
    } catch (error) {
      stop();
      toastError(error);
    }
  };
  const stop = follow("dataset", dataset.id, (frame) => frame.status !== "processing" && again(), again);
  return h("div", { class: "card stack", role: "status" }, h("p", {}, "The file is being read: traces, headers, statistics."), bar);
}

/** @param {import("./api.js").Dataset} dataset */
function viewer(dataset) {
  const section = new Section(dataset);
  const dead = dataset.dead_traces?.indices ?? [];
  const filled = filledOf(dataset);
  section.mark([{ kind: "filled", traces: filled }, { kind: "dead", traces: dead }]);
  const picked = h("div", { class: "picked", "aria-live": "polite" }, h("small", {}, "Click into the section to read a trace."));
  section.frame.view.addEventListener("pick", (event) => {
    const place = section.frame.at(/** @type {CustomEvent} */ (event).detail);
    if (place) read(picked, section, place).then(() => (side.scrollTop = side.scrollHeight)).catch(toastError);
  });
  const gather = gatherPicker(dataset, (chosen) => section.show(chosen));
  gather.start();
  const side = h("div", { class: "card stack side", tabIndex: 0, role: "group", "aria-label": "How it is drawn" }, lookControls((look) => (section.look = look)), gather.element,
      dead.length || filled.length ? h("p", { class: "legend" }, dead.length ? h("span", { class: "mark dead" }, "Dead") : null, filled.length ? h("span", { class: "mark filled" }, "Filled by a job") : null) : null, picked);
  return h("div", { class: "split viewer" }, section.element, side);
}

/** @param {HTMLElement} room @param {Section} section @param {{ trace: number, sample: number }} place */
async function read(room, section, { trace, sample }) {
  const { id } = section.dataset;
  const [rows, values] = await Promise.all([traces(id, { from: trace, to: trace }), samples(id, { first_trace: trace, traces: 1, first_sample: sample, samples: 1 }).then(readNpy)]);
  const [row] = rows.items;
  fill(room, facts(`Trace ${trace}`, [["Time", section.frame.time(sample)], ["Amplitude", number(values.values[0], 6)], ["State", row.dead ? (row.missing ? "Dead" : "Filled") : "Live"], ["RMS", number(row.rms, 5)], ["Gather", row.gather],
    ...Object.entries(row.fields).filter(([, value]) => value !== 0).map(([name, value]) => /** @type {[string, any]} */ ([name, value]))]));
}

/** @param {HTMLElement} room @param {import("./api.js").Dataset} dataset */
function edit(room, dataset) {
  const name = h("input", { name: "name", value: dataset.name, required: true, maxLength: 255 });
  const description = h("textarea", { name: "description", value: dataset.description ?? "", maxLength: 2000 });
  const tags = h("input", { name: "tags", value: dataset.tags.join(", ") });
  const key = choice(KEYS, dataset.geometry?.gather_key);
  const known = key.value;
  const open = dataset.format === "npy" || dataset.sample_interval_us === null;
  const interval = h("input", { type: "number", min: "0.001", step: "any", value: dataset.sample_interval_us === null ? "" : String(dataset.sample_interval_us / 1000) });
  formDialog("Edit the dataset", [field("Name", name), field("Description", description), field("Tags", tags, "Separated by commas"), field("Gathers by", key, "What keeps traces together that belong together"),
    ...(open ? [field("Sample interval in ms", interval)] : [])], async () => {
    const us = Number(interval.value) * 1000;
    const changes = {
      name: name.value, description: description.value || null, tags: tags.value.split(",").map((tag) => tag.trim()).filter(Boolean),
      ...(key.value !== known ? { gather_key: key.value } : {}), ...(open && us > 0 && us !== dataset.sample_interval_us ? { sample_interval_us: us } : {}),
    };
    draw(room, await change(dataset.id, changes));
    toast("The dataset is changed.", "success");
  });
}
