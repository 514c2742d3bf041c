"""What a service and its decoders say to each other over a socket."""

import struct

from services.core.photos.resize import SMALL_PX

# The work that one photo may cause: processor time of the decoder and its threads, and its address space.
CPU_S = 15.0
ADDRESS_SPACE_BYTES = 2**30
PHOTOS_PER_LIFE = 100
# A request is its length and the upload. An answer is one of these, its length, and its content. After HEAVY
# the decoder waits for one byte; PICTURE holds width, height and the number of warnings, then RGB.
LENGTH = struct.Struct(">Q")
ANSWER = struct.Struct(">cQ")
PICTURE_HEAD = struct.Struct(">3I")
LONGEST_ANSWER = PICTURE_HEAD.size + 3 * SMALL_PX * SMALL_PX
PICTURE, HEAVY, DAMAGED, TOO_MANY_PIXELS, TOO_MUCH_WORK = b"P", b"H", b"D", b"L", b"W"
# The wait status of a decoder that has ended.
STATUS = struct.Struct(">i")
