"""`services/hooks`: the database's webhooks behind a route of the gateway, and the queue that they fill.

With a secret for their senders, `services/logs` too: Edge logs behind a route of the gateway.
"""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_apigatewayv2_integrations as integrations

from settings.environment import Environment
from settings.schema import Hooks
from settings.service_env import hooks_app_variables, hooks_worker_variables
from stacks.constructs import iam
from stacks.constructs.functions import python_code, python_function
from stacks.constructs.operations import notified_topic, publish
from stacks.constructs.queues import consume, queue_with_dead_letters
from stacks.hooks.edge_logs import EdgeLogs
from stacks.results.stack import ResultsStack
from stacks.storage.stack import StorageStack

PATH = "/hooks/supabase"
# The database waits one second; a slower answer only appears in the log.
APP_TIMEOUT = cdk.Duration.seconds(10)
# Enough to fetch, decode and store eight photos of 25 MB.
WORKER_TIMEOUT = cdk.Duration.seconds(120)
WORKER_VISIBILITY = cdk.Duration.seconds(150)
WORKER_RECEIVES = 5


class HooksStack(cdk.Stack):
    """A function that receives the database's webhooks, and one that accepts the analyses they request."""

    def __init__(
        self,
        scope: Any,
        construct_id: str,
        *,
        settings: Environment,
        hooks: Hooks,
        api: apigw.HttpApi,
        storage: StorageStack,
        results: ResultsStack,
        code_platform: tuple[str, ...],
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        code = python_code("hooks", platform=code_platform, with_catalogue=True)
        requests = queue_with_dead_letters(
            self,
            "Hooks",
            visibility=WORKER_VISIBILITY,
            receives=WORKER_RECEIVES,
            notify=notified_topic(self, settings),
        )

        app = python_function(
            self,
            "App",
            description="Receives the database's webhooks",
            code=code,
            handler="services.hooks.app.handle",
            variables=hooks_app_variables(hooks, hooks_queue_url=requests.queue.queue_url),
            timeout=APP_TIMEOUT,
            settings=settings,
            # CPU is proportional to memory; a cold start must answer within the database's limit too.
            memory_mb=1024,
            allow=[iam.send(requests.queue), iam.read_secret(self, hooks.secret_name)],
        )
        apigw.HttpRoute(
            self,
            "Route",
            http_api=api,
            route_key=apigw.HttpRouteKey.with_(PATH, apigw.HttpMethod.POST),
            integration=integrations.HttpLambdaIntegration("Integration", app),
            # The database has no user token; its webhooks are signed.
            authorizer=apigw.HttpNoneAuthorizer(),
        )

        worker = python_function(
            self,
            "Worker",
            description="Accepts the analyses that the database requests",
            code=code,
            handler="services.hooks.worker.handle",
            variables=hooks_worker_variables(
                settings,
                hooks_queue_url=requests.queue.queue_url,
                hooks_dead_letters_url=requests.dead_letters.queue_url,
                **results.report_resources,
            ),
            timeout=WORKER_TIMEOUT,
            settings=settings,
            memory_mb=2048,
            reserved=settings.consumers.reserved_concurrency,
            allow=[
                iam.rows(storage.reports, "DeleteItem", "GetItem", "PutItem", "UpdateItem"),
                iam.objects(storage.images, ("photos",), "PutObject", "DeleteObject"),
                iam.objects(storage.images, ("uploads",), "GetObject", "DeleteObject"),
                iam.through_s3(storage.key, settings.region, "Decrypt", "GenerateDataKey"),
                iam.send(results.jobs.queue),
                iam.send(requests.dead_letters),
            ],
        )
        consume(worker, requests.queue, settings.consumers, batch=1)

        name, dead_letters = settings.name, requests.dead_letters
        publish(self, name, "HooksQueue", requests.queue.queue_url, "Queue of the database's webhooks")
        publish(
            self, name, "HooksDeadLetters", dead_letters.queue_url, "Dead letters of the database's webhooks"
        )
        if hooks.logs_secret_name is not None:
            EdgeLogs(
                self,
                settings=settings,
                secret_name=hooks.logs_secret_name,
                api=api,
                storage=storage,
                code_platform=code_platform,
            )
