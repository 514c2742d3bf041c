"""The CDK stacks, one file per stack, and the settings that they are made from."""
