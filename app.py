"""The CDK app: one environment in (`-c env=prod`), its stacks out."""

from stacks.app import main

if __name__ == "__main__":
    main()
