// node run.mjs FILE: prints a line a run of a same_bits.wasm, like the other targets.
import { readFileSync } from "node:fs";

const module = new WebAssembly.Module(readFileSync(process.argv[2]));
const imports = WebAssembly.Module.imports(module);
if (imports.length > 0) throw new Error(`a panic can be reached, or something else is imported: ${JSON.stringify(imports)}`);
const { hash } = new WebAssembly.Instance(module).exports;
const names = [
    "2-16-3x1", "2-16-3x8", "64-32-10x1", "5-7-27-3-sgd", "5-7-27-3-momentum", "conv1d-motion", "gru-motion", "conv2d-digits",
];
names.forEach((name, run) => {
    console.log(name, BigInt.asUintN(64, hash(run)).toString(16).padStart(16, "0"));
});
