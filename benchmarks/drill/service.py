"""`python -m benchmarks.drill.service`: the service, in a hurry."""

from benchmarks.drill.time_scale import hasten
from services.analyze.__main__ import main

if __name__ == "__main__":
    hasten("services.core", "services.analyze")
    main()
