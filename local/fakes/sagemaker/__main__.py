"""`python -m local.fakes.sagemaker`: serves the endpoints that the command line names."""

import argparse

from local.fakes.sagemaker.async_inference import OutputConfig
from local.fakes.sagemaker.runtime import create_app
from local.fakes.serving import command_line, serve


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = command_line("sagemaker", "sagemaker", "The SageMaker runtime's protocol.")
    parser.add_argument(
        "--endpoint",
        type=_name_and_url,
        action="append",
        required=True,
        metavar="NAME=URL",
        help="an endpoint and its model server; repeatable",
    )
    parser.add_argument(
        "--asynchronous",
        nargs=3,
        metavar=("BUCKET", "SUCCESS_TOPIC", "ERROR_TOPIC"),
        help="make the endpoints asynchronous: the bucket for answers, and the ARNs of the topics to notify",
    )
    options = parser.parse_args()
    output_config = OutputConfig(*options.asynchronous) if options.asynchronous else None
    serve(create_app(dict(options.endpoint), output_config=output_config), options.port)


def _name_and_url(value: str) -> tuple[str, str]:
    name, equals, url = value.partition("=")
    if not name or not equals or not url.startswith("http"):
        raise argparse.ArgumentTypeError(
            f"{value!r} is not NAME=URL, such as blip2-endpoint=http://127.0.0.1:8082"
        )
    return name, url.rstrip("/")


if __name__ == "__main__":
    main()
