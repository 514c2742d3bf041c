"""Starts, checks and stops the processes of the local system, and deploys the stacks into the emulator."""
