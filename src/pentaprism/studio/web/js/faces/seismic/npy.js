// NPY files of float32, as the face gives raw samples.

/** Samples as rows of traces. @param {Blob} blob @returns {Promise<{ values: Float32Array, traces: number, samples: number }>} */
export async function readNpy(blob) {
  const buffer = await blob.arrayBuffer();
  const view = new DataView(buffer);
  const isLong = view.getUint8(6) > 1;
  const start = isLong ? 12 : 10;
  const length = isLong ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = new TextDecoder().decode(new Uint8Array(buffer, start, length));
  const shape = /'shape': \((\d+), (\d+)\)/.exec(header);
  if (!shape || !header.includes("'<f4'")) throw new Error("The samples have come in a form that cannot be read.");
  const [traces, samples] = [Number(shape[1]), Number(shape[2])];
  return { values: new Float32Array(buffer.slice(start + length), 0, traces * samples), traces, samples };
}
