// run.mjs MODULES FOLDER: runs each .onnx file of a folder in ONNX Runtime and compares with the
// .json file beside it. MODULES: the folder that holds node_modules.

import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const [modules, folder] = process.argv.slice(2);
const ort = createRequire(path.resolve(modules) + '/')('onnxruntime-web');
ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

const most = 1e-5; // of the difference, absolute or relative

function tensor({ type, dims, data }) {
  const values = type === 'int64' ? BigInt64Array.from(data.map(BigInt)) : Float32Array.from(data);
  return new ort.Tensor(type, values, dims);
}

function difference(got, { dims, data }) {
  if (!got || got.dims.join() !== dims.join()) return Infinity;
  let largest = 0;
  data.forEach((expected, i) => {
    const error = Math.abs(got.data[i] - expected) / Math.max(1, Math.abs(expected));
    largest = error <= largest ? largest : error; // a NaN stays
  });
  return largest;
}

async function compare(name) {
  const { feeds, expected } = JSON.parse(fs.readFileSync(path.join(folder, name + '.json')));
  const session = await ort.InferenceSession.create(
    fs.readFileSync(path.join(folder, name + '.onnx')), { logSeverityLevel: 3 });
  const given = Object.fromEntries(Object.entries(feeds).map(([key, value]) => [key, tensor(value)]));
  const got = await session.run(given);
  await session.release();
  const errors = Object.entries(expected).map(([key, value]) => [key, difference(got[key], value)]);
  return errors.reduce((a, b) => (b[1] <= a[1] ? a : b));
}

const names = fs.readdirSync(folder).filter((file) => file.endsWith('.onnx'))
  .map((file) => file.slice(0, -'.onnx'.length)).sort();
let failed = 0, largest = 0;
for (const name of names) {
  let message;
  try {
    const [key, error] = await compare(name);
    if (!(error <= most)) message = `${key} differs by ${error}`;
    else largest = Math.max(largest, error);
  } catch (error) {
    message = error.message;
  }
  if (message) {
    ++failed;
    console.log(`${name}: ${message}`);
  }
}
console.log(`ONNX Runtime: ${names.length} files, ${failed} differ by more than ${most}; ` +
            `the others by ${largest.toExponential(1)} at most`);
process.exit(failed > 0 || names.length === 0 ? 1 : 0);
