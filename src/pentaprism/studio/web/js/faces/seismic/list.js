// The list of datasets: search, filters, order, pages, live status, deletion after a question.

import { field, fill, h, icon } from "../../dom.js";
import { ago, bytes } from "../../format.js";
import { rewrite } from "../../router.js";
import { errorBox, toast, toastError } from "../../toasts.js";
import { ask } from "../../elements/dialog.js";
import { datasets, linked, remove } from "./api.js";
import { sender } from "./sender.js";
import { follow } from "./socket.js";
import { FORMATS, rate, size } from "./words.js";

const ROWS = 20;
/** @type {Record<string, string>} */
const ORDERS = { "-created_at": "Newest first", created_at: "Oldest first", name: "Name", "-size_bytes": "Largest first", "-traces": "Most traces first", status: "Status" };

/** @param {URLSearchParams} query */
export async function datasetList(query) {
  const search = h("input", { type: "search", value: query.get("search") ?? "", maxLength: 200 });
  const format = choice({ "": "All", segy: "SEG-Y", miniseed: "miniSEED", npy: "NumPy" }, query.get("format"));
  const status = choice({ "": "All", ready: "Ready", processing: "Processing", failed: "Failed" }, query.get("status"));
  const source = choice({ "": "All", upload: "Uploaded", job: "Made by jobs" }, query.get("source"));
  const order = choice(ORDERS, query.get("sort"));
  const body = h("ul", { class: "datasets", "aria-label": "Datasets" });
  const pages = h("div", { class: "row spread" });
  const room = h("section", { class: "stack" });
  let page = 1;
  /** @type {Map<string, () => void>} */
  const followed = new Map();

  const wanted = () => ({ search: search.value.trim(), format: format.value, status: status.value, source: source.value, sort: order.value });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typing;
  const changed = () => {
    page = 1;
    const told = new URLSearchParams(Object.entries(wanted()).filter(([name, value]) => value && !(name === "sort" && value === "-created_at")));
    rewrite(`/seismic${told.size ? `?${told}` : ""}`);
    draw();
  };
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(changed, 250);
  });
  for (const select of [format, status, source, order]) select.addEventListener("change", changed);

  let visit = 0;
  async function draw() {
    const mine = ++visit;
    try {
      const found = await datasets({ ...wanted(), page, per_page: ROWS });
      if (mine !== visit) return;
      show(found);
    } catch (error) {
      if (mine === visit) fill(body, h("li", {}, errorBox(error, draw)));
    }
  }

  /** @param {import("./api.js").Page<import("./api.js").DatasetItem>} found */
  function show({ items, total, pages: count }) {
    const filtered = Boolean(search.value.trim() || format.value || status.value || source.value);
    fill(body, items.length ? items.map((item) => row(item, draw))
      : h("li", { class: "empty" }, filtered ? "No dataset fits. Search for something else or clear the filters." : "No datasets yet. Drop a SEG-Y, miniSEED or .npy file above."));
    fill(pages, h("small", {}, total === 1 ? "1 dataset" : `${total.toLocaleString()} datasets`),
      count > 1 ? h("span", { class: "row" }, h("button", { type: "button", disabled: page <= 1, onclick: () => turn(-1) }, "Back"), `${page} of ${count}`,
        h("button", { type: "button", disabled: page >= count, onclick: () => turn(1) }, "Next")) : null);
    const busy = new Set(items.filter((item) => item.status === "processing").map((item) => item.id));
    for (const [id, stop] of followed) if (!busy.has(id)) (stop(), followed.delete(id));
    for (const id of busy) if (!followed.has(id)) followed.set(id, watch(id));
  }

  /** @param {string} id */
  function watch(id) {
    return follow("dataset", id, (frame) => {
      if (frame.status !== "processing") draw();
    }, draw);
  }

  /** @param {number} by */
  function turn(by) {
    page += by;
    draw();
  }

  await draw();
  fill(room,
    h("div", { class: "row spread" }, h("div", {}, h("h1", {}, "Seismic"), h("p", { class: "quiet" }, "Missing traces back, noise away, headers kept.")), h("a", { class: "button", href: "#/seismic/jobs" }, icon("queue"), "Jobs")),
    sender(draw),
    h("div", { class: "filters" }, field("Search", search), field("Format", format), field("Status", status), field("From", source), field("Order", order)),
    body, pages);
  return room;
}

/** @param {import("./api.js").DatasetItem} item @param {() => void} redraw */
function row(item, redraw) {
  const ready = item.status === "ready";
  const picture = h("span", { class: "thumb" }, ready ? h("img", { src: linked(item.preview_url, { width: 192, height: 128 }), alt: "", width: 96, height: 64, loading: "lazy" }) : icon("seismic"));
  return h("li", { class: "card dataset" },
    h("a", { href: `#/seismic/datasets/${item.id}` }, picture,
      h("span", { class: "grow" }, h("b", { class: "name" }, item.name), h("small", {}, `${FORMATS[item.format]} · ${bytes(item.size_bytes)} · ${ago(item.created_at)}${item.source_job_id ? " · made by a job" : ""}`),
        item.tags.length ? h("span", { class: "row tags" }, item.tags.map((tag) => h("span", { class: "chip" }, tag))) : null,
        item.error ? h("small", { class: "problem" }, item.error.message) : null),
      h("span", { class: "facts" }, ready ? [h("span", {}, size(item)), h("small", {}, rate(item.sample_rate, item.sample_interval_us))] : null)),
    chip(item.status),
    h("span", { class: "row tools" }, ready ? h("a", { class: "button", href: `#/seismic/datasets/${item.id}/job` }, "New job") : null,
      h("button", { type: "button", class: "plain", "aria-label": `Delete: ${item.name}`, onclick: async () => (await drop(item)) && redraw() }, icon("trash"))));
}

/** @param {string} status */
export function chip(status) {
  /** @type {Record<string, [string, string]>} */
  const looks = { ready: ["good", "Ready"], failed: ["bad", "Failed"], processing: ["busy", "Processing"] };
  const [look, text] = looks[status];
  return h("span", { class: `chip ${look}` }, text);
}

/** Delete a dataset after a question. @param {{ id: string, name: string }} item @returns {Promise<boolean>} */
export async function drop(item) {
  if (!(await ask(`Delete ${item.name}?`, { detail: "The file goes for good. Results that were made of it stay.", confirm: "Delete", danger: true }))) return false;
  try {
    await remove(item.id);
    toast(`${item.name} is deleted.`, "success");
    return true;
  } catch (error) {
    toastError(error);
    return false;
  }
}

/** A select. @param {Record<string, string>} entries @param {string | null} [chosen] */
export function choice(entries, chosen) {
  const select = h("select", {}, Object.entries(entries).map(([value, text]) => h("option", { value }, text)));
  if (chosen && chosen in entries) select.value = chosen;
  return select;
}
