// The right side of the bench: the proposals for the object that is being clicked, and the objects that were kept.

import { h, icon } from "../../dom.js";
import { number } from "../../format.js";
import { thumb } from "./masks.js";

/** @typedef {{ id: number, name: string, mask: import("./masks.js").Mask }} Kept */

/** @param {import("./picture.js").Picture} picture @param {import("./prompts.js").Answer} answer @param {(index: number) => void} onChoose */
export function proposals(picture, answer, onChoose) {
  if (!answer.masks.length) return h("p", { class: "quiet" }, "Nothing was found here. Click on another part of it, or draw a box around it.");
  return h("ul", { class: "proposals", "aria-label": "Proposals" }, answer.masks.map((mask, index) => h("li", {},
    h("button", { type: "button", "aria-pressed": String(index === answer.chosen), "aria-label": `Proposal ${index + 1}, ${share(picture, mask)} of the picture`, onclick: () => onChoose(index) },
      h("span", { class: "checks" }, thumb(picture, mask)), h("small", {}, `${share(picture, mask)} · ${number(mask.score, 2)}`)))));
}

/** How much of the picture a mask covers. @param {import("./picture.js").Picture} picture @param {import("./masks.js").Mask} mask */
function share(picture, mask) {
  return `${number((100 * mask.area) / (picture.width * picture.height), 2)} %`;
}

/**
 * @param {import("./picture.js").Picture} picture @param {Kept[]} kept
 * @param {{ download: (masks: import("./masks.js").Mask[], name: string) => void, drop: (kept: Kept) => void, rename: (kept: Kept, name: string) => void }} on
 */
export function keptList(picture, kept, on) {
  return h("ul", { class: "kept", "aria-label": "Kept objects" }, kept.map((item) => h("li", {},
    h("span", { class: "checks" }, thumb(picture, item.mask, 56, 44)),
    h("input", { value: item.name, maxLength: 80, "aria-label": `Name of ${item.name}`, onchange: (/** @type {Event} */ event) => on.rename(item, /** @type {HTMLInputElement} */ (event.target).value) }),
    h("button", { type: "button", class: "plain", "aria-label": `Download ${item.name}`, onclick: () => on.download([item.mask], item.name) }, icon("download")),
    h("button", { type: "button", class: "plain", "aria-label": `Let go of ${item.name}`, onclick: () => on.drop(item) }, icon("close")))));
}
