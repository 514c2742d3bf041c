"""`python -m services.analyze.openapi FILE`: the OpenAPI document, committed so that a change is seen."""

import argparse
import json
import sys
from pathlib import Path

from services.analyze.app import api
from services.analyze.documents import openapi


def main() -> int:
    """Write the document to FILE; with --check, say whether FILE is what would be written."""
    parser = argparse.ArgumentParser(prog="services.analyze.openapi", description=__doc__)
    parser.add_argument("file", type=Path, help="the document, docs/openapi.json")
    parser.add_argument(
        "--check", action="store_true", help="compare instead of writing; exit 1 on a difference"
    )
    options = parser.parse_args()
    document = json.dumps(openapi(api), indent=2, ensure_ascii=False) + "\n"
    if not options.check:
        options.file.write_text(document, "utf-8")
    elif options.file.read_text("utf-8") != document:
        sys.exit(f"{options.file} is not what the code says; `make openapi` writes it anew")
    return 0


if __name__ == "__main__":
    sys.exit(main())
