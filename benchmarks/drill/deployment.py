"""One endpoint mode in the emulator: table, buckets, queues and topics, and the variables that name them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import boto3

from benchmarks.emulated_stores import table_declaration
from benchmarks.local_service import service_variables
from settings.environment import load_environment

SECRET_NAME, HOOKS_SECRET_NAME = "drill/webhook", "drill/hooks"
Mode = Literal["realtime", "async"]
# As in the stack: more receives than the jobs handler uses, so that it dead-letters a message itself.
JOBS_RECEIVES, WEBHOOK_RECEIVES = 10, 100
# More than in the stack: each of the drill's own delays and repetitions is a receive too.
HOOKS_RECEIVES = 50


class Cloud:
    """The emulator's port and one client per AWS service."""

    def __init__(self, port: int) -> None:
        session = boto3.Session(
            "vitrine-local", "vitrine-local", region_name=load_environment("local").region
        )
        named: dict[str, Any] = {"endpoint_url": f"http://127.0.0.1:{port}"}
        self.port = port
        self.s3 = session.client("s3", **named)
        self.dynamodb = session.client("dynamodb", **named)
        self.streams = session.client("dynamodbstreams", **named)
        self.sqs = session.client("sqs", **named)
        self.sns = session.client("sns", **named)
        self.secrets = session.client("secretsmanager", **named)

    def store_secrets(self, webhook: str, hooks: str) -> None:
        """Store the keys that sign webhooks, those sent and those received."""
        self.secrets.create_secret(Name=SECRET_NAME, SecretString=webhook)
        self.secrets.create_secret(Name=HOOKS_SECRET_NAME, SecretString=hooks)


@dataclass(frozen=True)
class Deployment:
    """The names of one mode's table and buckets, the URLs of its queues, the ARNs of its topics."""

    mode: Mode
    service_port: int
    table: str
    photos: str
    async_io: str
    jobs: str
    jobs_dead: str
    webhook: str
    webhook_dead: str
    hooks: str
    hooks_dead: str
    topics: tuple[str, str]

    @property
    def queues(self) -> dict[str, str]:
        """The URLs of the queues by name, without those of dead letters."""
        return {"jobs": self.jobs, "webhooks": self.webhook, "hooks": self.hooks}

    @property
    def dead_letters(self) -> dict[str, str]:
        """The URLs of the queues of dead letters, by name."""
        return {"jobs": self.jobs_dead, "webhooks": self.webhook_dead, "hooks": self.hooks_dead}

    def variables(
        self, cloud: Cloud, *, runtime: int, llm: int, edge: int | None, budget_s: int
    ) -> Mapping[str, str]:
        """Return the variables of the service and the functions, except for OPENAI_API_KEY.

        Without the port of the Edge Functions, no webhook is sent.
        """
        given = {
            **service_variables(cloud.port, runtime),
            "REPORTS_TABLE": self.table,
            "IMAGE_BUCKET": self.photos,
            "MODEL_MODE": self.mode,
            "JOBS_QUEUE_URL": self.jobs,
            "JOBS_DEAD_LETTERS_URL": self.jobs_dead,
            "WEBHOOK_QUEUE_URL": self.webhook,
            "WEBHOOK_DEAD_LETTERS_URL": self.webhook_dead,
            "HOOKS_QUEUE_URL": self.hooks,
            "HOOKS_DEAD_LETTERS_URL": self.hooks_dead,
            "HOOKS_SECRET_NAME": HOOKS_SECRET_NAME,
            "LLM_BASE_URL": f"http://127.0.0.1:{llm}/v1",
            "TIME_BUDGET_S": str(budget_s),
            "QUOTA_PER_DAY": "1000000",
        }
        if edge is not None:
            given["WEBHOOK_URL"] = f"http://127.0.0.1:{edge}/functions/v1/report-ready"
            given["WEBHOOK_SECRET_NAME"] = SECRET_NAME
        return {**given, "EXCHANGE_BUCKET": self.async_io} if self.mode == "async" else given


def create(
    cloud: Cloud,
    mode: Mode,
    port: int,
    jobs_visibility_s: int,
    webhook_visibility_s: int,
    hooks_visibility_s: int,
) -> Deployment:
    """Create the table with its stream, the buckets, queues with dead-letter queues, and the topics."""
    table = f"reports-{mode}"
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    cloud.dynamodb.create_table(**{**table_declaration(), "TableName": table, "StreamSpecification": stream})
    region: Any = cloud.s3.meta.region_name
    for bucket in (f"photos-{mode}", f"exchange-{mode}"):
        cloud.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    jobs, jobs_dead = _queue(cloud, f"jobs-{mode}", jobs_visibility_s, JOBS_RECEIVES)
    webhook, webhook_dead = _queue(cloud, f"webhook-{mode}", webhook_visibility_s, WEBHOOK_RECEIVES)
    hooks, hooks_dead = _queue(cloud, f"hooks-{mode}", hooks_visibility_s, HOOKS_RECEIVES)
    success, error = (
        cloud.sns.create_topic(Name=f"{name}-{mode}")["TopicArn"] for name in ("success", "error")
    )
    for topic in (success, error):
        cloud.sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=_arn(cloud, jobs),
            Attributes={"RawMessageDelivery": "true"},
        )
    return Deployment(
        mode=mode,
        service_port=port,
        table=table,
        photos=f"photos-{mode}",
        async_io=f"exchange-{mode}",
        jobs=jobs,
        jobs_dead=jobs_dead,
        webhook=webhook,
        webhook_dead=webhook_dead,
        hooks=hooks,
        hooks_dead=hooks_dead,
        topics=(success, error),
    )


def _queue(cloud: Cloud, name: str, visibility_s: int, receives: int) -> tuple[str, str]:
    dead = cloud.sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    redrive = f'{{"deadLetterTargetArn": "{_arn(cloud, dead)}", "maxReceiveCount": {receives}}}'
    attributes: Any = {"VisibilityTimeout": str(visibility_s), "RedrivePolicy": redrive}
    return cloud.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"], dead


def _arn(cloud: Cloud, url: str) -> str:
    answer = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])
