"""The CDK app: a package per stack, the constructs they share, and the checks of their templates."""

import os

from cli.cdk import node

# jsii reads JSII_NODE when the CDK is imported: by default, use the Node that pip installed.
if (_node := node()) is not None:
    os.environ.setdefault("JSII_NODE", str(_node))
