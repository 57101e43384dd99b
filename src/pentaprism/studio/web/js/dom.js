// Building the page: elements are made by calls, never from strings, so data can never become markup.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * An element with properties and children. `class`, `dataset`, `on...` handlers, ARIA and other attributes are understood;
 * names that the element knows as properties are set as such.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [props]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProp(element, name, value);
  append(element, children);
  return element;
}

/**
 * A custom element by its name.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Child | Child[])} children
 * @returns {any}
 */
export function custom(tag, props = {}, ...children) {
  return h(/** @type {any} */ (tag), props, ...children);
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  append(element, children);
  return /** @type {SVGElement} */ (element);
}

/** @param {Element} element @param {string} name @param {any} value */
function setProp(element, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name === "class") element.setAttribute("class", value);
  else if (name === "dataset") Object.assign(/** @type {HTMLElement} */ (element).dataset, value);
  else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name in element && !name.startsWith("aria") && name !== "list" && name !== "form") /** @type {any} */ (element)[name] = value;
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** @param {Element} element @param {any[]} children */
function append(element, children) {
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/** Put `children` in place of everything inside. @param {Element} element @param {...(Child | Child[])} children */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** A labelled field. @param {string} label @param {HTMLElement} input @param {string} [hint] */
export function field(label, input, hint) {
  return h("label", { class: "field" }, h("span", {}, label), input, hint ? h("small", {}, hint) : null);
}

/** An icon of the sprite below. @param {keyof typeof PATHS} name */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}

const PATHS = {
  cells: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3Zm9 6a4 4 0 1 1 0 8 4 4 0 0 1 0-8Zm-8 6a3 3 0 1 1 0 6 3 3 0 0 1 0-6Z",
  cutouts: "M4 4h5v2H6v3H4V4Zm11 0h5v5h-2V6h-3V4ZM4 15h2v3h3v2H4v-5Zm14 0h2v5h-5v-2h3v-3ZM12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z",
  products: "M4 7l8-4 8 4v10l-8 4-8-4V7Zm8-1.8L7.2 7.6 12 10l4.800-2.400L12 5.200ZM6 9.200v6.600l5 2.500v-6.600L6 9.200Zm12 0-5 2.500v6.600l5-2.500V9.200Z",
  seismic: "M3 11h3l2-6 3 14 3-11 2 6 1-3h4v2h-2.600l-2.400 6-2-6-3 9-3-13-1 4H3v-2Z",
  assets: "M4 4h16v16H4V4Zm2 2v9l4-4 3 3 2-2 3 3V6H6Zm9 1.500a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3Z",
  admin: "M12 2l8 3v6c0 5-3.400 9.400-8 11-4.600-1.600-8-6-8-11V5l8-3Zm0 2.100L6 6.400V11c0 3.900 2.500 7.400 6 8.900V4.100Z",
  queue: "M4 5h16v2H4V5Zm0 6h16v2H4v-2Zm0 6h10v2H4v-2Z",
  sun: "M12 7a5 5 0 1 1 0 10 5 5 0 0 1 0-10Zm-1-5h2v3h-2V2Zm0 17h2v3h-2v-3ZM2 11h3v2H2v-2Zm17 0h3v2h-3v-2Z",
  moon: "M12 3a9 9 0 1 0 9 9 7 7 0 0 1-9-9Z",
  close: "M6.400 5 12 10.600 17.600 5 19 6.400 13.400 12 19 17.600 17.600 19 12 13.400 6.400 19 5 17.600 10.600 12 5 6.400 6.400 5Z",
  plus: "M11 4h2v7h7v2h-7v7h-2v-7H4v-2h7V4Z",
  trash: "M9 3h6l1 2h4v2H4V5h4l1-2ZM6 9h12l-1 12H7L6 9Z",
  download: "M11 3h2v9l3-3 1.400 1.400L12 15.800l-5.400-5.400L8 9l3 3V3ZM4 18h16v2H4v-2Z",
  retry: "M12 5a7 7 0 1 1-6.700 9h2.100A5 5 0 1 0 12 7v3L7 6l5-4v3Z",
  undo: "M9 5v3h5a6 6 0 1 1 0 12H8v-2h6a4 4 0 0 0 0-8H9v3L4 9l5-4Z",
  redo: "M15 5v3h-5a6 6 0 1 0 0 12h6v-2h-6a4 4 0 0 1 0-8h5v3l5-4-5-4Z",
  user: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8Zm0 10c4.400 0 8 2 8 4.500V20H4v-1.500C4 16 7.600 14 12 14Z",
};
