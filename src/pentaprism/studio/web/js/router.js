// Pages by the part of the address behind `#`: "/cells/projects/1" is the page "cells" with the rest as its parameters.

/** @typedef {{ path: string, parts: string[], query: URLSearchParams }} Place */

/** Where the address leads. @returns {Place} */
export function place() {
  const [path, query] = (location.hash.slice(1) || "/").split("?");
  return { path, parts: path.split("/").filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query ?? "") };
}

/** Go to a path of the Studio. @param {string} path */
export function go(path) {
  location.hash = path;
}

/** Change the address without a new page. @param {string} path */
export function rewrite(path) {
  history.replaceState(null, "", `#${path}`);
}
