// What is known of a dataset: statistics, layout, geometry, dead traces, headers.

import { h } from "../../dom.js";
import { bytes, number } from "../../format.js";
import { FORMATS, KEYS, KINDS, plain, ranges, rate, REASONS, size } from "./words.js";

/** Names and values. @param {string} title @param {[string, any][]} rows */
export function facts(title, rows) {
  return h("section", { class: "card facts-card" }, h("h2", {}, title),
    h("dl", {}, rows.filter(([, value]) => value !== null && value !== undefined && value !== "").flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}

/** @param {{ min: number, max: number } | null} range */
const span = (range) => (range ? (range.min === range.max ? number(range.min, 6) : `${number(range.min, 6)} to ${number(range.max, 6)}`) : null);

/** @param {import("./api.js").Dataset} dataset */
export function overview(dataset) {
  const { statistics, layout, geometry, dead_traces: dead, gaps, warnings, lineage } = dataset;
  return h("div", { class: "stack" },
    warnings?.length ? h("ul", { class: "warnings" }, warnings.map((warning) => h("li", { class: "warn" }, warning.message))) : null,
    h("div", { class: "facts-grid" },
      facts("File", [["Format", `${FORMATS[dataset.format]}${layout?.sample_format ? `, ${layout.sample_format}` : ""}`], ["Size", bytes(dataset.size_bytes)], ["Traces × samples", size(dataset)],
        ["Sample rate", rate(dataset.sample_rate, dataset.sample_interval_us)], ["Length", layout?.duration_ms === null || !layout ? null : `${number(layout.duration_ms, 6)} ms`],
        ["Starts at", layout ? `${number(layout.delay_ms, 6)} ms${layout.delay_varies ? " (varies)" : ""}` : null], ["SHA-256", h("code", {}, dataset.sha256)]]),
      statistics ? facts("Amplitudes", [["Smallest", number(statistics.min, 6)], ["Largest", number(statistics.max, 6)], ["Mean", number(statistics.mean, 4)], ["RMS", number(statistics.rms, 5)],
        [`99 % lie below${statistics.sampled ? " (sampled)" : ""}`, number(statistics.p99_abs, 5)], ["Zero samples", `${number(statistics.zero_fraction * 100, 3)} %`], ["Not finite", statistics.nonfinite.toLocaleString()]]) : null,
      geometry ? facts("Geometry", [["Kind", KINDS[geometry.kind] ?? geometry.kind], ["Gathers by", KEYS[geometry.gather_key] ?? geometry.gather_key], ["Gathers", geometry.gathers.toLocaleString()], ["Traces a gather", span(geometry.traces_per_gather)],
        ["Offset", geometry.offset ? `${span(geometry.offset)}${layout?.coordinate_unit ? ` ${layout.coordinate_unit}` : ""}` : null], ["Inlines", span(geometry.inline)], ["Crosslines", span(geometry.crossline)]]) : null,
      dead ? facts("Dead traces", dead.count ? [["Number", dead.count.toLocaleString()], ["Which", ranges(dead.indices)], ...Object.entries(dead.reasons).filter(([, count]) => count).map(([reason, count]) => /** @type {[string, string]} */ ([plain(REASONS[reason] ?? reason), count.toLocaleString()])), ["Gaps", gaps?.length ? gaps.length.toLocaleString() : null]]
        : [["Number", "None"], ["Gaps", gaps?.length ? gaps.length.toLocaleString() : null]]) : null,
      lineage ? facts("Origin", [["Made from", lineage.deleted ? `${lineage.source_name} (deleted)` : h("a", { href: `#/seismic/datasets/${lineage.source_dataset_id}` }, lineage.source_name)], ["By", h("a", { href: `#/seismic/jobs/${lineage.job_id}` }, lineage.model?.name ?? lineage.model)],
        ["Filled traces", filledOf(dataset).length.toLocaleString()]]) : null));
}

/** Traces that a job has filled. @param {import("./api.js").Dataset} dataset @returns {number[]} */
export function filledOf({ lineage }) {
  const filled = lineage?.filled_traces;
  return Array.isArray(filled) ? filled : filled?.indices ?? [];
}

/** @param {import("./api.js").Dataset} dataset */
export function headers(dataset) {
  const found = dataset.headers;
  if (!found) return h("p", { class: "empty" }, "No headers are known.");
  const binary = Object.entries(found.binary_header ?? {});
  const extended = found.extended_text_headers ?? [];
  return h("div", { class: "stack" },
    found.text_header !== null ? h("section", {}, h("h2", {}, "Text header"), h("p", { class: "quiet" }, [found.text_encoding?.toUpperCase(), found.byte_order ? `${found.byte_order}-endian` : null].filter(Boolean).join(", ")), h("pre", { class: "text-header scroll", tabIndex: 0, "aria-label": "Text header" }, found.text_header)) : null,
    extended.map((text, index) => h("section", {}, h("h2", {}, `Extended text header ${index + 1}`), h("pre", { class: "text-header scroll", tabIndex: 0 }, text))),
    binary.length ? h("section", {}, h("h2", {}, "Binary header"), h("dl", { class: "binary" }, binary.map(([name, value]) => h("div", { class: value === 0 ? "zero" : "" }, h("dt", {}, plain(name)), h("dd", {}, String(value)))))) : null,
    found.miniseed ? h("section", {}, h("h2", {}, "Streams"), h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ["Id", "From", "To", "Segments", "Encoding", "Record"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, found.miniseed.streams.map((/** @type {any} */ stream) => h("tr", {}, [stream.id, stream.start_time, stream.end_time, stream.segments, stream.encoding, stream.record_length].map((value) => h("td", {}, String(value))))))))) : null,
    found.npy ? facts("NumPy", [["Type", found.npy.dtype], ["Shape", found.npy.shape.join(" × ")]]) : null);
}
