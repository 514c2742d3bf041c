"""`python -m benchmarks.drill.service`: the service, with the drill's durations."""

from functools import partial

from benchmarks.drill.time_scale import HURRIED
from services.analyze.__main__ import main
from services.analyze.app import create_api, dependencies_from_environment
from services.analyze.observe import Observe

if __name__ == "__main__":
    main(Observe(create_api(partial(dependencies_from_environment, HURRIED))))
