// Pictures that are open in this tab.

/** @typedef {{ bitmap: ImageBitmap, width: number, height: number, name: string, blob: Blob, image: string | null }} Picture  image: the handle on the server, once there is one */

const KEPT = 4;
/** @type {Map<string, Picture>} */
const open = new Map();

/**
 * Decode a picture upright. Throws where the browser does not know the format.
 * @param {Blob} blob @param {string} name @param {{ width: number, height: number }} [size] what the server says of it
 * @returns {Promise<Picture>}
 */
export async function decode(blob, name, size) {
  const upright = await createImageBitmap(blob, { imageOrientation: "from-image" });
  return { bitmap: upright, width: size?.width ?? upright.width, height: size?.height ?? upright.height, name: name.replace(/\.[a-z0-9]+$/i, ""), blob, image: null };
}

/** Remember an open picture by its handle, the last few. @param {Picture} picture */
export function remember(picture) {
  if (!picture.image) return;
  open.delete(picture.image);
  open.set(picture.image, picture);
  for (const id of [...open.keys()].slice(0, -KEPT)) open.delete(id);
}

/** @param {string} image */
export const recall = (image) => open.get(image) ?? null;
