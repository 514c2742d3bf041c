"""The CDK app: one environment in (`-c env=prod`), its stacks out."""

import gc

gc.disable()  # A collection would walk the CDK's 170,000 objects, which live until the end.

from stacks.app import main  # noqa: E402

main()
