"""The CDK app: one environment in (`-c env=prod`), its stacks out."""

import gc

# A collection walks the CDK's 170,000 objects, which live until the end, and frees next to nothing.
gc.disable()

from stacks.app import main  # noqa: E402

if __name__ == "__main__":
    main()
