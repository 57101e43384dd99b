// Several contents in one place, one shown at a time.

import { h } from "../../dom.js";

let made = 0;

/** @param {string} label @param {{ title: string, content: HTMLElement, shown?: () => void }[]} all */
export function tabs(label, all) {
  const name = `tabs-${(made += 1)}`;
  const buttons = all.map(({ title }, index) => h("button", { type: "button", role: "tab", id: `${name}-${index}`, "aria-controls": `${name}-panel-${index}`, onclick: () => show(index) }, title));
  const panels = all.map(({ content }, index) => h("div", { role: "tabpanel", id: `${name}-panel-${index}`, "aria-labelledby": `${name}-${index}` }, content));
  /** @param {number} chosen */
  function show(chosen) {
    buttons.forEach((button, index) => {
      button.setAttribute("aria-selected", String(index === chosen));
      button.tabIndex = index === chosen ? 0 : -1;
      panels[index].hidden = index !== chosen;
    });
    all[chosen].shown?.();
  }
  const list = h("div", { class: "row tabs", role: "tablist", "aria-label": label, onkeydown: (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (buttons.findIndex((button) => button.tabIndex === 0) + step + all.length) % all.length;
    show(next);
    buttons[next].focus();
  } }, buttons);
  show(0);
  return h("aside", { class: "card aside", "aria-label": label }, list, panels);
}
