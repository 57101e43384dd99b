// What a job has found: figures and what they rest on, before and after, spectra, warnings, downloads.

import { field, fill, h, icon } from "../../dom.js";
import { save } from "../../download.js";
import { number } from "../../format.js";
import { errorBox, toastError } from "../../toasts.js";
import { annotated, dataset as load, linked, model as loadModel, result as loadResult } from "./api.js";
import { comparison } from "./compare.js";
import { downloads } from "./dataset.js";
import { facts } from "./facts.js";
import { basis, decibels, plain, ranges } from "./words.js";

/** @type {Record<string, [string, string]>} */
const PICTURES = {
  "spectra.png": ["Spectra", "Mean amplitude spectra of input, output and their difference"],
  "fk.png": ["f-k spectra", "Frequency against wavenumber of input, output and their difference"],
  "comparison.png": ["Side by side", "Input, output and difference of one gather; filled traces are marked"],
};

/** @param {import("./api.js").Job} job */
export async function resultOf(job) {
  const result = await loadResult(job.id);
  const output = result.output_dataset_id ? await load(result.output_dataset_id).catch(() => null) : null;
  return h("div", { class: "stack" }, await summary(job, result, output), warnings(result), figures(result), compare(job, result, output),
    h("div", { class: "artifacts" }, result.artifacts.filter(({ name }) => name in PICTURES).sort((a, b) => order(a) - order(b)).map((artifact) => picture(artifact, output))), await details(job, result));
}

/** @param {{ name: string }} artifact */
const order = (artifact) => Object.keys(PICTURES).indexOf(artifact.name);

/** @param {import("./api.js").Job} job @param {import("./api.js").Result} result @param {import("./api.js").Dataset | null} output */
async function summary(job, result, output) {
  const chosen = typeof result.selected_model === "string" ? result.selected_model : result.selected_model?.name;
  const used = chosen && chosen !== result.model.name ? await loadModel(chosen).then((found) => found.display_name, () => chosen) : null;
  const count = result.filled_traces.count;
  const text = result.type === "reconstruction" ? (count ? `${count.toLocaleString()} trace${count === 1 ? " was" : "s were"} filled: ${ranges(result.filled_traces.indices, 10)}.` : "There were no missing traces: the result equals the input.") : "Noise was taken away; dead traces were left alone.";
  const button = output?.format === "segy" ? h("button", { type: "button", class: "link", onclick: () => annotated(job.id).then((blob) => save(blob, output.name)).catch(toastError) }, "SEG-Y with model and date in its text header") : null;
  const metrics = result.artifacts.find(({ name }) => name === "metrics.json");
  return h("div", { class: "card stack" }, h("p", {}, text, used ? ` ${used} was chosen by itself.` : "", result.fallback ? ` ${result.fallback.reason}` : ""),
    output ? h("div", { class: "row" }, downloads(output.download_url, output, true, button, metrics ? h("a", { href: metrics.url, download: "metrics.json" }, "All figures (metrics.json)") : null), h("a", { class: "button", href: `#/seismic/datasets/${output.id}` }, `Open ${output.name}`))
      : h("p", { class: "quiet" }, "The dataset that was made is deleted. The figures and pictures are still here."));
}

/** @param {import("./api.js").Result} result */
function warnings({ warnings: found }) {
  return found.length ? h("ul", { class: "card warnings", "aria-label": "Warnings" }, found.map((warning) => h("li", { class: "warn" }, warning.message,
    warning.first_trace !== null && warning.first_trace !== undefined && warning.traces ? h("small", {}, ` Traces ${warning.first_trace} to ${warning.first_trace + warning.traces - 1}`) : null))) : null;
}

/** @param {import("./api.js").Result} result */
function figures({ metrics, type }) {
  /** @type {[string, string | null, string][]} */
  const all = [
    ["Signal to noise", metrics.snr_improvement_db === null ? null : `+${decibels(metrics.snr_improvement_db)}`.replace("+-", "−"), metrics.snr_before_db === null ? "" : `from ${decibels(metrics.snr_before_db)} to ${decibels(metrics.snr_after_db)}`],
    ["Structural similarity", metrics.ssim === null ? null : number(metrics.ssim, 4), "1 is a perfect match"],
    ["Correlation", metrics.correlation === null || metrics.correlation === undefined ? null : number(metrics.correlation, 4), metrics.metric_basis === "holdout" ? "of hidden traces with what was recorded" : type === "reconstruction" ? "of filled traces with the truth" : "with the truth"],
    ["Amplitudes", metrics.amplitude_ratio === null || metrics.amplitude_ratio === undefined ? null : `${number(metrics.amplitude_ratio * 100, 4)} %`, metrics.metric_basis === "holdout" ? "of the recorded RMS" : "of the true RMS"],
    ["Square error", metrics.mse === null ? null : number(metrics.mse, 3), "in units of the RMS"],
  ];
  if (type === "denoising") {
    all.push(["Noise", metrics.noise_sigma_before === null || metrics.noise_sigma_before === undefined ? null : `${number(metrics.noise_sigma_before)} → ${number(metrics.noise_sigma_after)}`, "standard deviation before and after"],
      ["Energy removed", metrics.removed_energy_fraction === null || metrics.removed_energy_fraction === undefined ? null : `${number(metrics.removed_energy_fraction * 100)} %`, ""],
      ["Signal in what was removed", metrics.removed_signal_similarity === null || metrics.removed_signal_similarity === undefined ? null : number(metrics.removed_signal_similarity), "0 is none, above 0.3 is much"]);
  }
  const shown = all.filter(([, value]) => value !== null);
  return h("section", { class: "card stack" }, h("h2", {}, "Figures"), h("p", { class: "quiet" }, metrics.exact ? `The result equals the truth in every sample. ${basis(metrics)}` : basis(metrics)),
    shown.length ? h("ul", { class: "figures" }, shown.map(([name, value, hint]) => h("li", {}, h("small", {}, name), h("b", {}, value), h("small", {}, hint)))) : null);
}

/** @param {import("./api.js").Job} job @param {import("./api.js").Result} result @param {import("./api.js").Dataset | null} output */
function compare(job, result, output) {
  if (!output || result.lineage.deleted) return h("p", { class: "card quiet" }, "The input or the output is deleted, so they cannot be laid over each other any more.");
  const room = h("div", { class: "compare-room", "aria-busy": "true" });
  const draw = () => {
    comparison({ before: job.dataset_id, after: output.id, truth: job.effective_parameters.reference_dataset_id ?? null, filled: result.filled_traces.indices })
      .then((view) => fill(room, view), (error) => fill(room, errorBox(error, draw))).finally(() => room.removeAttribute("aria-busy"));
  };
  draw();
  return room;
}

/** @param {import("./api.js").Artifact} artifact @param {import("./api.js").Dataset | null} output */
function picture({ name, url }, output) {
  const [title, text] = PICTURES[name];
  const image = h("img", { src: url, alt: text, loading: "lazy" });
  const link = h("a", { href: url, target: "_blank", rel: "noopener", "aria-label": `${title} at full size` }, image);
  const count = output?.geometry?.gathers ?? 1;
  const other = h("input", { type: "number", min: "0", max: String(count - 1), placeholder: "most filled" });
  other.addEventListener("change", () => (image.src = link.href = other.value === "" ? url : linked(url, { gather: other.value })));
  return h("figure", { class: "card artifact" }, h("figcaption", { class: "row spread" }, h("span", {}, h("b", {}, title), h("small", {}, text)), name === "comparison.png" && count > 1 ? h("div", { class: "narrow" }, field(`Gather (0 to ${count - 1})`, other)) : null), link);
}

/** @param {import("./api.js").Job} job @param {import("./api.js").Result} result */
async function details(job, result) {
  const link = result.artifacts.find(({ name }) => name === "metrics.json")?.url;
  const report = link ? await fetch(link).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null) : null;
  const scores = report?.scores ?? [];
  const words = (/** @type {any} */ value, name = "") => (value === null ? { candidates: "All", gathers: "All", reference_dataset_id: "None" }[name] ?? "Chosen by itself" : Array.isArray(value) ? value.join(", ") || "none" : String(value));
  return h("details", { class: "card" }, h("summary", {}, "Settings, candidates and provenance"), h("div", { class: "facts-grid" },
    facts("Settings used", Object.entries(job.effective_parameters).map(([name, value]) => /** @type {[string, any]} */ ([plain(name), words(value, name)]))),
    job.unused_parameters.length ? facts("Given without effect", job.unused_parameters.map((name) => /** @type {[string, any]} */ ([plain(name), words(job.parameters[name])]))) : null,
    scores.length ? facts("Candidates", scores.map((/** @type {any} */ score) => [score.model, score.error ?? (score.score === null ? "not scored" : `${score.score.toFixed(2)}${score.model === (typeof result.selected_model === "string" ? result.selected_model : result.selected_model?.name) ? " (chosen)" : ""}`)])) : null,
    facts("Provenance", [["Model", `${result.model.name} ${result.model.version}`], ["Input", result.lineage.source_name], ["Made", new Date(result.lineage.created_at).toLocaleString()], ["Attempts", job.attempts]])),
    report?.seconds ? h("p", { class: "quiet" }, `Seconds: ${Object.entries(report.seconds).map(([step, value]) => `${plain(step)} ${number(/** @type {number} */ (value))}`).join(", ")}`) : null);
}
