#!/usr/bin/env node
// A local chain to rehearse exports on without a node of mainnet: Anvil with the chain id of mainnet, and our
// stand-ins of the contracts that an AVS writes to (tests/solidity/export/Doubles.sol) at mainnet's addresses.
//
//   node tests/node/local-chain.js [--port 8545]
//
// Prints the coordinator of the example's quorum contracts, then `ready http://127.0.0.1:PORT`, and runs until it is
// stopped. The stand-ins keep the contracts' rules and
// getters; they are no proof that mainnet accepts the calls: for that use `anvil --fork-url URL`.
const { spawn } = require("child_process");
const fs = require("fs");
const path = require("path");
const solc = require("solc");

const CORE = {
  permissions: "0x25E5F8B1E7aDf44518d35D5B2271f114e081f0E5",
  allocations: "0x948a420b8CC1d6BFd0B6087C2E7c344a2CD0bc39",
  whitelist: "0x858646372CC42E1A627fcE94aa7A7033e7CF075A",
  rewards: "0x7750d328b314EfFa365A0402CcfD489B80B0adda",
  keys: "0x54f4bC6bDEbe479173a2bbDc31dD7178408A57A4",
  tables: "0x9376A5863F2193cdE13e1aB7c678F22554E2Ea2b",
  mailbox: "0x132b466d9d5723531F68797519DfED701aC2C749",
};
const EIGEN_STRATEGY = "0xaCB55C530Acdb2849e6d4f36992Cd8c9D50ED8F7";
const WETH = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2";
// Strategies of mainnet that take deposits: EIGEN and the liquid staking tokens.
const STRATEGIES = [
  EIGEN_STRATEGY,
  "0x54945180dB7943c0ed0FEE7EdaB2Bd24620256bc",
  "0x93c4b944D05dfe6df7645A86cd2206016c51564D",
  "0x1BeE69b7dFFfA4E2d53C2a2Df135C388AD25dCD2",
  "0x9d7eD45EE2E8FC5482fa2428f15C971e6369011d",
  "0x13760F50a9d7377e4F20CB8CF9e4c26586c658ff",
  "0xa4C637e0F704745D182e4D38cAb7E7485321d059",
  "0x57ba429517c3473B6d34CA9aCd56c0e735b94c02",
  "0x0Fe4F44beE93503346A3Ac9EE5A26b130a5796d6",
  "0x7CA911E83dabf90C90dD3De5411a10F1A6112184",
  "0x8CA7A5d6f3acd3A7A8bC468a8CD0FB14B6BD28b6",
  "0xAe60d8180437b5C34bB956822ac2710972584473",
  "0x298aFB19A105D59E74658C4C334Ff360BadE6dd2",
];

const named = process.argv.indexOf("--port");
const port = named < 0 ? "8545" : process.argv[named + 1];
const url = `http://127.0.0.1:${port}`;

function compile() {
  const file = path.join(__dirname, "..", "solidity", "export", "Doubles.sol");
  const input = {
    language: "Solidity",
    sources: { "Doubles.sol": { content: fs.readFileSync(file, "utf8") } },
    settings: {
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { "*": { "*": ["evm.bytecode.object", "evm.methodIdentifiers"] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const errors = (output.errors || []).filter((error) => error.severity === "error");
  if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join("\n"));
  return output.contracts["Doubles.sol"];
}

async function ask(method, params) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  const { result, error } = await answer.json();
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}

const word = (value) => BigInt(value).toString(16).padStart(64, "0");
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function send(from, to, data) {
  const hash = await ask("eth_sendTransaction", [{ from, to, data, gas: "0x1c9c380" }]);
  for (let tries = 0; tries < 500; tries++) {
    const receipt = await ask("eth_getTransactionReceipt", [hash]);
    if (receipt && receipt.status !== "0x1") throw new Error("a set-up transaction failed");
    if (receipt) return receipt;
    await sleep(20);
  }
  throw new Error("the node mines no block");
}

async function main() {
  const contracts = compile();
  const arguments_ = ["--chain-id", "1", "--port", port, "--number", "25000000", "--silent"];
  // The program itself: npm's wrapper, when it is stopped, leaves it running.
  const machine = { x64: "amd64", arm64: "arm64" }[process.arch];
  const packaged = path.join(__dirname, "node_modules", "@foundry-rs", `anvil-${process.platform}-${machine}`, "bin", "anvil");
  const anvil = spawn(process.env.STAKEWRIGHT_ANVIL || packaged, arguments_, { stdio: "inherit" });
  const stop = () => anvil.kill();
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("exit", stop);
  anvil.on("exit", (code) => process.exit(code || 0));
  let accounts;
  for (let tries = 0; !accounts; tries++) {
    try {
      accounts = await ask("eth_accounts", []);
    } catch (error) {
      if (tries > 500) throw error;
      await sleep(20);
    }
  }
  // The constructors fix everything in the code, so that the code can be moved to its address.
  const place = async (name, at, ...words) => {
    const code = "0x" + contracts[name].evm.bytecode.object + words.map(word).join("");
    const { contractAddress } = await send(accounts[0], null, code);
    await ask("anvil_setCode", [at, await ask("eth_getCode", [contractAddress, "latest"])]);
  };
  await place("Permissions", CORE.permissions);
  await place("Allocations", CORE.allocations, CORE.permissions, EIGEN_STRATEGY);
  await place("Keys", CORE.keys, CORE.permissions);
  await place("Tables", CORE.tables, CORE.permissions, CORE.allocations, CORE.keys, 604800);
  await place("Mailbox", CORE.mailbox, 604800);
  await place("Whitelist", CORE.whitelist);
  await place("Rewards", CORE.rewards, CORE.permissions, CORE.allocations, CORE.whitelist, 14515200);
  await place("Token", WETH);
  const call = (name, method) => "0x" + contracts[name].evm.methodIdentifiers[method];
  const list = call("Whitelist", "list(address[])") + word(32) + word(STRATEGIES.length);
  await send(accounts[0], CORE.whitelist, list + STRATEGIES.map(word).join(""));
  const mint = call("Token", "mintAll(address[],uint256)") + word(64) + word(10n ** 24n) + word(accounts.length);
  await send(accounts[0], WETH, mint + accounts.map(word).join(""));
  // Quorum contracts of the example's AVS, for `verify --coordinator`.
  const avs = accounts[1];
  const quorums = "0x" + contracts.Coordinator.evm.bytecode.object + [CORE.allocations, avs, avs].map(word).join("");
  console.log(`coordinator ${(await send(accounts[0], null, quorums)).contractAddress}`);
  console.log(`ready ${url}`);
}

main().catch((error) => {
  console.error(`error: ${error.message}`);
  process.exit(1);
});
