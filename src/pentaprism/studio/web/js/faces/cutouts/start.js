// The way in: drop one picture for the bench, several for a batch; below, what was made lately.

import { custom, h } from "../../dom.js";
import { go, rewrite } from "../../router.js";
import { toast, toastError } from "../../toasts.js";
import "../../elements/drop-zone.js";
import { everything, send } from "./api.js";
import { batchDesk } from "./batch.js";
import { Bench } from "./bench.js";
import { earlier } from "./earlier.js";
import { decode } from "./picture.js";

const LARGEST = 52_428_800;

/** @param {boolean} lost whether the address named a picture that this tab does not have any more */
export async function start(lost) {
  const room = h("div", { class: "stack" });
  const zone = custom("pt-drop-zone", { class: "large", accept: "image/jpeg,image/png,image/webp,image/bmp,image/tiff", hint: "JPEG, PNG, WebP, BMP or TIFF, up to 4096 pixels a side; several at once become a batch" });
  zone.text = "Drop a picture here, choose or paste it";
  zone.addEventListener("files", (/** @type {CustomEvent<File[]>} */ event) => take(room, event.detail).catch(toastError));
  room.append(zone, lost ? h("p", { class: "quiet", role: "status" }, "That picture is not open in this tab any more. Drop it again, or open one of the jobs below.") : "", await earlier({ size: 8 }));
  return room;
}

/** @param {HTMLElement} room @param {File[]} files */
async function take(room, files) {
  const fit = files.filter((file) => file.size > 0 && file.size <= LARGEST);
  for (const file of files) if (!fit.includes(file)) toast(`${file.name}: ${file.size ? "larger than 50 MB" : "the file is empty"}.`, "error");
  if (fit.length > 1) return room.replaceChildren(batchDesk(fit));
  const [file] = fit;
  if (!file) return;
  let picture;
  try {
    picture = await decode(file, file.name);
  } catch {
    return elsewhere(file);
  }
  rewrite("/cutouts/pictures/new");
  const bench = new Bench(picture);
  room.replaceChildren(bench.element);
  bench.zoom.querySelector("canvas")?.focus({ preventScroll: true });
  await bench.store().catch(() => null);
}

/** A picture that this browser cannot show is worked on by the server alone. @param {File} file */
async function elsewhere(file) {
  toast(`This browser cannot show ${file.name}. The server finds everything in it; the result can be seen.`);
  const handle = await send(file, "", () => null);
  const { job_id: id } = await everything(handle.image_id, "", {});
  go(`/cutouts/jobs/${id}`);
}
