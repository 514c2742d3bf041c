"""What holds for all tests."""

import signal

# A shell's background job ignores SIGINT, and its children inherit that: tests of interruption would hang.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
