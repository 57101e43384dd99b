// The form of a job: what shall be done, which traces are missing, by which model, with which settings.

import { fill, h } from "../../dom.js";
import { number } from "../../format.js";
import { refresh } from "../../queue.js";
import { go } from "../../router.js";
import { toast, toastError } from "../../toasts.js";
import { dataset as load, datasets, job as loadJob, model as loadModel, models, start } from "./api.js";
import { missingPicker } from "./missing.js";
import { controls } from "./parameters.js";
import { decibels, parseTraces, TYPES } from "./words.js";

/** @typedef {{ type: string, model_id: string | null, parameters: Record<string, any> }} Wish */

/** @param {string} id of the dataset @param {URLSearchParams} query */
export async function composer(id, query) {
  const dataset = await load(id);
  if (dataset.status !== "ready") return h("section", { class: "stack" }, crumb(dataset), h("p", { class: "empty" }, "The dataset is not ready yet. A job needs one that is."));
  const like = query.get("like");
  const earlier = like ? await loadJob(like).catch(() => null) : null;
  /** @type {Wish} */
  const wish = earlier ? { type: earlier.type, model_id: earlier.model_id, parameters: earlier.parameters } : { type: query.get("type") === "denoising" || (!query.get("type") && !dataset.dead_traces?.count) ? "denoising" : "reconstruction", model_id: null, parameters: {} };
  const references = await referencesFor(dataset);
  const room = h("section", { class: "stack" });
  await new Composer(room, dataset, references, wish).draw();
  return room;
}

/** @param {import("./api.js").Dataset} dataset */
const crumb = (dataset) => h("p", { class: "crumb" }, h("a", { href: `#/seismic/datasets/${dataset.id}` }, `‹ ${dataset.name}`));

/** Datasets of the same shape, which may hold the truth. @param {import("./api.js").Dataset} dataset */
async function referencesFor(dataset) {
  const { items } = await datasets({ status: "ready", per_page: 100 });
  return items.filter((item) => item.traces === dataset.traces && item.samples === dataset.samples).map((item) => ({ id: item.id, name: item.id === dataset.id ? `${item.name} (this dataset)` : item.name }));
}

/** Named traces of an earlier job as numbers. @param {(number | string)[] | undefined} given @param {number} traces */
function namedOf(given, traces) {
  return given?.length ? parseTraces(given.join(","), traces) : null;
}

class Composer {
  /** @type {ReturnType<typeof missingPicker> | null} */
  missing = null;
  /** @type {import("./parameters.js").Control[]} */
  controls = [];
  send = h("button", { class: "primary" }, "Start the job");
  wrong = h("p", { class: "problem", role: "alert", hidden: true });

  /** @param {HTMLElement} room @param {import("./api.js").Dataset} dataset @param {{ id: string, name: string }[]} references @param {Wish} wish */
  constructor(room, dataset, references, wish) {
    this.room = room;
    this.dataset = dataset;
    this.references = references;
    this.wish = wish;
  }

  async draw() {
    const { dataset, wish } = this;
    const types = h("div", { class: "row segments", role: "group", "aria-label": "What shall be done" }, Object.entries(TYPES).map(([type, text]) => h("button", {
      type: "button", "aria-pressed": String(type === wish.type), onclick: () => {
        if (type === this.wish.type) return;
        this.wish = { type, model_id: null, parameters: {} };
        this.draw().catch(toastError);
      },
    }, text)));
    const list = await models(wish.type);
    const chosen = list.find((each) => each.id === wish.model_id) ?? list[0];
    this.missing = wish.type === "reconstruction" ? missingPicker(dataset, namedOf(wish.parameters.missing_traces, dataset.traces ?? 0)) : null;
    const settings = h("div", {});
    const cards = h("fieldset", { class: "models" }, h("legend", {}, "Model"), list.map((each) => this.card(each, each === chosen, settings, list)));
    this.settings(settings, chosen, list);
    fill(this.room, crumb(dataset), h("h1", {}, "New job"), h("p", { class: "quiet" }, `On ${dataset.name}. The file stays as it is; the result becomes a dataset of its own.`), types,
      h("form", { class: "split composer", noValidate: true, onsubmit: (/** @type {SubmitEvent} */ event) => (event.preventDefault(), this.start(list)) },
        h("div", { class: "stack" }, this.missing ? h("div", { class: "card" }, this.missing.element) : null, h("div", { class: "card" }, cards)),
        h("div", { class: "card stack side" }, settings, this.wrong, h("div", { class: "row end" }, this.send))));
  }

  /** @param {import("./api.js").Model} model @param {boolean} checked @param {HTMLElement} settings @param {import("./api.js").Model[]} list */
  card(model, checked, settings, list) {
    const tooFew = (this.dataset.traces ?? 0) < model.min_traces;
    const radio = h("input", { type: "radio", name: "model", value: model.id, checked, disabled: tooFew, onchange: () => {
      this.wish = { ...this.wish, parameters: this.values(false) };
      this.settings(settings, model, list);
    } });
    const gain = model.metrics.snr_improvement;
    return h("label", { class: "model" }, radio, h("span", { class: "grow" }, h("b", {}, model.display_name), h("small", {}, tooFew ? `Needs at least ${model.min_traces} traces` : model.description)),
      gain === null ? null : h("span", { class: "gain", title: model.metrics.basis }, `+${decibels(gain)}`, h("small", {}, "on average")));
  }

  /** The settings of a model. @param {HTMLElement} room @param {import("./api.js").Model} model @param {import("./api.js").Model[]} list */
  settings(room, model, list) {
    this.wish.model_id = model.id;
    const known = { references: this.references, candidates: Object.fromEntries(list.map((each) => [each.name, each.display_name])), gathers: this.dataset.geometry?.gathers ?? 1 };
    const { main, more } = controls(model.parameter_schema.properties, known, this.wish.parameters);
    this.controls = [...main, ...more];
    const about = h("details", { ontoggle: () => about.open && this.about(card, model.id) }, h("summary", {}, "About this model"));
    const card = h("div", { class: "stack about" });
    about.append(card);
    fill(room, h("h2", {}, model.display_name), h("p", { class: "quiet" }, model.description), main.map((each) => each.element),
      h("details", { class: "more" }, h("summary", {}, `More settings (${more.length})`), h("p", { class: "quiet" }, "The values that stand here are good for most files."), more.map((each) => each.element)), about);
  }

  /** @param {HTMLElement} room @param {string} id */
  async about(room, id) {
    if (room.firstChild) return;
    try {
      const found = await loadModel(id);
      const { snr_improvement: gain, ssim, basis } = found.metrics;
      fill(room, h("p", {}, `Version ${found.version}${found.license ? `, ${found.license}` : ""}.`),
        gain === null ? null : h("p", {}, `Mean improvement ${decibels(gain)}, structural similarity ${number(ssim)}: ${basis}.`),
        found.training_data ? h("p", {}, h("b", {}, "Training data. "), found.training_data) : null, found.limitations?.length ? h("p", {}, h("b", {}, "Limits. "), [found.limitations].flat().join(" ")) : null);
    } catch (error) {
      toastError(error);
    }
  }

  /** Parameters that differ from the defaults. @param {boolean} strict tell what is wrong; otherwise such values are left out @returns {Record<string, any>} */
  values(strict) {
    /** @type {Record<string, any>} */
    const found = {};
    let isWrong = false;
    const sources = [...this.controls, ...(this.missing ? [{ name: "missing_traces", ...this.missing }] : [])];
    for (const { name, value, problem } of sources) {
      problem("");
      try {
        const given = value();
        if (given !== undefined) found[name] = given;
      } catch (error) {
        if (strict) problem(/** @type {Error} */ (error).message);
        isWrong = true;
      }
    }
    if (strict && isWrong) throw new Error("Some values cannot be used; see below them what is wrong.");
    return found;
  }

  /** @param {import("./api.js").Model[]} list */
  async start(list) {
    this.send.disabled = true;
    this.wrong.hidden = true;
    try {
      const parameters = this.values(true);
      const { id } = await start({ type: this.wish.type, dataset_id: this.dataset.id, model_id: this.wish.model_id ?? list[0].id, parameters });
      refresh();
      toast("The job is started.", "success");
      go(`/seismic/jobs/${id}`);
    } catch (error) {
      this.tell(/** @type {any} */ (error));
    } finally {
      this.send.disabled = false;
    }
  }

  /** Put each complaint beside its control. @param {any} error */
  tell(error) {
    /** @type {{ field: string, message: string }[]} */
    const details = error.body?.error?.details ?? [];
    const others = details.filter(({ field, message }) => {
      const name = field.replace(/^parameters\./, "").split(".")[0];
      const target = name === "missing_traces" ? this.missing : this.controls.find((each) => each.name === name);
      target?.problem(message);
      return !target;
    });
    const words = details.length && !others.length ? "Some values cannot be used; see below them what is wrong." : error.message;
    this.wrong.textContent = error.requestId ? `${words} (request ${error.requestId})` : words;
    this.wrong.hidden = false;
    const first = this.room.querySelector(".problem[role=alert]:not([hidden])");
    first?.closest("details")?.setAttribute("open", "");
    first?.scrollIntoView({ block: "center", behavior: "smooth" });
  }
}
