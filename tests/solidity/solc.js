#!/usr/bin/env node
// The compiler from npm, answering forge as the native one would: its version, and standard JSON.
const path = require('path');
const solc = require(path.join(__dirname, '..', 'node', 'node_modules', 'solc'));
if (process.argv.includes('--version')) {
  console.log('solc, the solidity compiler commandline interface');
  console.log('Version: ' + solc.version().replace('.Emscripten.clang', '.Linux.g++'));
} else {
  process.stdout.write(solc.compile(require('fs').readFileSync(0, 'utf8')));
}
