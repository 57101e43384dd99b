// Panels behind tabs; a panel is made when it is looked at first.

import { fill, h } from "../../dom.js";
import { errorBox } from "../../toasts.js";

/** @param {string} label @param {{ title: string, make: () => HTMLElement | Promise<HTMLElement> }[]} entries */
export function tabs(label, entries) {
  const room = h("div", { class: "panel", role: "tabpanel", tabIndex: 0 });
  /** @type {Map<number, HTMLElement>} */
  const made = new Map();
  const buttons = entries.map(({ title }, index) => h("button", { type: "button", role: "tab", onclick: () => open(index), onkeydown: (/** @type {KeyboardEvent} */ event) => move(event, index) }, title));

  /** @param {KeyboardEvent} event @param {number} index */
  function move(event, index) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    const next = (index + by + buttons.length) % buttons.length;
    open(next);
    buttons[next].focus();
  }

  /** @param {number} index */
  async function open(index) {
    buttons.forEach((button, each) => {
      button.setAttribute("aria-selected", String(each === index));
      button.tabIndex = each === index ? 0 : -1;
    });
    room.setAttribute("aria-label", entries[index].title);
    try {
      const panel = made.get(index) ?? (await entries[index].make());
      made.set(index, panel);
      if (buttons[index].getAttribute("aria-selected") === "true") fill(room, panel);
    } catch (error) {
      fill(room, errorBox(error, () => open(index)));
    }
  }

  open(0);
  return h("div", { class: "tabbed" }, h("div", { class: "tablist", role: "tablist", "aria-label": label }, buttons), room);
}
