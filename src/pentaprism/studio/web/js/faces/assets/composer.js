// The form of a new picture: prompt or own picture, platforms as shapes of their true aspect, options.

import { custom, field, fill, h } from "../../dom.js";
import { go } from "../../router.js";
import { refresh } from "../../queue.js";
import { toastError } from "../../toasts.js";
import "../../elements/drop-zone.js";
import { create, health, platforms, send } from "./api.js";

const USUAL = ["instagram-post", "instagram-story", "twitter-post", "facebook-post"];
const EXAMPLES = ["A beautiful sunset over mountains with a lake", "A cup of coffee on a wooden table, cozy", "Fields of lavender with hot air balloons", "Bauhaus shapes in red, navy and mustard"];

/** @param {URLSearchParams} query */
export async function composer(query) {
  const [catalogue, state] = await Promise.all([platforms(), health()]);
  const chosen = new Set(USUAL);
  /** @type {{ id: string, url: string } | null} */
  let source = null;
  const prompt = h("textarea", { name: "prompt", maxLength: 4000, placeholder: EXAMPLES[0], value: query.get("prompt") ?? "" });
  const own = h("div", { class: "own" });
  const send = h("button", { class: "primary" }, "Make pictures");
  const style = choice({ vivid: "Vivid", natural: "Natural" });
  const quality = choice({ standard: "Standard", hd: "Fine (slower)" });
  const kind = choice({ photo: "Scene", illustration: "Illustration", abstract: "Abstract", logo: "Logo" });
  const format = choice({ png: "PNG", jpeg: "JPEG", webp: "WebP", avif: "AVIF" });
  const variation = h("input", { type: "number", min: "0", max: "2147483647", value: "0" });
  const engines = Object.entries(state.engines).filter(([, engine]) => engine.available);
  const engine = choice({ "": `Usual (${state.engine})`, ...Object.fromEntries(engines.map(([name]) => [name, name])) });

  drawSource();
  function drawSource() {
    if (source) {
      fill(own, h("div", { class: "row" }, h("img", { src: source.url, alt: "Your picture", class: "own-picture" }),
        h("p", { class: "grow" }, "Your picture is cut in place of a drawn one."), h("button", { type: "button", onclick: () => ((source = null), drawSource()) }, "Remove")));
      return;
    }
    const zone = custom("pt-drop-zone", { accept: "image/png,image/jpeg,image/webp,image/avif", hint: "PNG, JPEG, WebP or AVIF up to 10 MB, in place of a prompt" });
    zone.multiple = false;
    zone.text = "Or drop a picture of your own";
    const bar = document.createElement("pt-progress");
    bar.hidden = true;
    zone.addEventListener("files", async (/** @type {CustomEvent<File[]>} */ event) => {
      bar.hidden = false;
      try {
        source = await take(event.detail[0], bar);
        drawSource();
      } catch (error) {
        bar.hidden = true;
        toastError(error);
      }
    });
    fill(own, zone, bar);
  }

  async function start(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    send.disabled = true;
    try {
      const options = { style: style.value, quality: quality.value, imageType: kind.value, format: format.value, variation: Number(variation.value), ...(engine.value ? { engine: engine.value } : {}) };
      const id = await create({ ...(prompt.value.trim() ? { prompt: prompt.value } : {}), ...(source ? { sourceImageId: source.id } : {}), platforms: [...chosen], options });
      refresh();
      go(`/assets/jobs/${id}`);
    } catch (error) {
      toastError(error);
    } finally {
      send.disabled = false;
    }
  }

  return h("form", { class: "card stack", onsubmit: start },
    field("Prompt", prompt, "At least 10 characters: a subject, colours, a time of day, weather, a style"),
    h("div", { class: "row" }, h("small", {}, "Try:"), EXAMPLES.map((text) => h("button", { type: "button", class: "chip", onclick: () => (prompt.value = text) }, text))),
    own,
    h("fieldset", {}, h("legend", {}, "Platforms"), h("ul", { class: "shapes" }, catalogue.map((platform) => shape(platform, chosen)))),
    h("details", {}, h("summary", {}, "Options"), h("div", { class: "options" }, field("Kind", kind), field("Colour", style), field("Quality", quality), field("Format", format), field("Variation", variation), field("Engine", engine))),
    h("div", { class: "row end" }, send));
}

/** @param {File} file @param {HTMLElement} bar */
function take(file, bar) {
  return send(file, (share) => bar.setAttribute("value", String(share * 100)));
}

/** A select. @param {Record<string, string>} entries */
function choice(entries) {
  return h("select", {}, Object.entries(entries).map(([value, text]) => h("option", { value }, text)));
}

/** A platform as a toggle in its own shape. @param {import("./api.js").Platform} platform @param {Set<string>} chosen */
function shape(platform, chosen) {
  const frame = h("span", { class: "shape", "aria-hidden": "true" });
  const longest = 54;
  const scale = longest / Math.max(platform.width, platform.height);
  frame.style.width = `${Math.max(platform.width * scale, 8)}px`;
  frame.style.height = `${Math.max(platform.height * scale, 8)}px`;
  const button = h("button", {
    type: "button", "aria-pressed": String(chosen.has(platform.id)), title: `${platform.width} × ${platform.height}`,
    onclick: () => {
      if (!chosen.delete(platform.id)) chosen.add(platform.id);
      button.setAttribute("aria-pressed", String(chosen.has(platform.id)));
    },
  }, h("span", { class: "shape-room" }, frame), h("span", {}, platform.name), h("small", {}, `${platform.width}×${platform.height}`));
  return h("li", {}, button);
}
