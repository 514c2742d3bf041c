"""`python -m web.check`: the page's types are those of docs/openapi.json, and TypeScript finds no error.

With --write it writes the types anew first.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from web.build import FOLDER, install, run

DOCUMENT = FOLDER.parent / "docs" / "openapi.json"
TYPES = FOLDER / "src" / "api" / "schema.ts"


def write_types(document: Path, out: Path) -> None:
    """Write the TypeScript types of an OpenAPI document. Raises RuntimeError with the generator's message."""
    generator = "node_modules/openapi-typescript/bin/cli.js"
    # A field with a default is still absent in a request, and null where the document says so.
    run(generator, str(document), "--output", str(out), "--default-non-nullable", "false")


def types_differ(document: Path, types: Path) -> bool:
    """Whether `types` is not what would be written for the document."""
    with TemporaryDirectory() as folder:
        written = Path(folder) / "schema.ts"
        write_types(document, written)
        return written.read_text("utf-8") != types.read_text("utf-8")


def main() -> int:
    """Check, or with --write write and check; exits with 1 and what is wrong."""
    parser = argparse.ArgumentParser(prog="web.check", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write src/api/schema.ts from docs/openapi.json")
    options = parser.parse_args()
    try:
        install(dev=True)
        if options.write:
            write_types(DOCUMENT, TYPES)
        elif types_differ(DOCUMENT, TYPES):
            sys.exit("web/src/api/schema.ts does not match docs/openapi.json; `make openapi` writes it")
        run("node_modules/typescript/bin/tsc", "--noEmit")
    except RuntimeError as error:
        sys.exit(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
