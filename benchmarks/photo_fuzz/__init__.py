"""Mutates real photos of six formats, and checks what the service's decoding does with them."""
