// Compiles tests/solidity/*.sol and prints {"Contract": "0x creation bytecode"}.
const fs = require("fs");
const path = require("path");
const solc = require("solc");

const folder = path.join(__dirname, "..", "solidity");
const sources = {};
for (const file of fs.readdirSync(folder).filter((name) => name.endsWith(".sol")).sort()) {
  sources[file] = { content: fs.readFileSync(path.join(folder, file), "utf8") };
}
const input = {
  language: "Solidity",
  sources,
  settings: {
    optimizer: { enabled: true, runs: 200 },
    outputSelection: { "*": { "*": ["evm.bytecode.object"] } },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
const errors = (output.errors || []).filter((error) => error.severity === "error");
if (errors.length > 0) {
  console.error(errors.map((error) => error.formattedMessage).join("\n"));
  process.exit(1);
}
const out = {};
for (const contracts of Object.values(output.contracts)) {
  for (const [name, contract] of Object.entries(contracts)) {
    out[name] = "0x" + contract.evm.bytecode.object;
  }
}
console.log(JSON.stringify(out));
