"""What the database tells us: `services/hooks` behind routes of the gateway, and the queue that it fills."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_

from settings.environment import Environment
from settings.schema import Hooks as HooksSettings
from settings.service_env import worker_variables
from stacks.constructs import iam
from stacks.constructs.functions import consume, python_function
from stacks.constructs.outputs import publish
from stacks.constructs.packaging import python_code
from stacks.constructs.queues import queue
from stacks.results.stack import Results
from stacks.storage.stack import Storage

PATH = "/hooks/supabase"
# The database waits for a second at most; what comes later is noted by nobody but the log.
APP_TIMEOUT = cdk.Duration.seconds(10)
# Eight photos of 25 MB are fetched, decoded and kept.
WORKER_TIMEOUT = cdk.Duration.seconds(120)
WORKER_VISIBILITY = cdk.Duration.seconds(150)
WORKER_RECEIVES = 5


class Hooks(cdk.Stack):
    """A function that answers the database's webhooks, and one that accepts the analyses they ask for."""

    def __init__(
        self,
        scope: Any,
        construct_id: str,
        *,
        settings: Environment,
        hooks: HooksSettings,
        api: apigw.HttpApi,
        storage: Storage,
        results: Results,
        code_platform: tuple[str, ...],
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._settings = settings
        self._code = python_code("hooks", platform=code_platform)
        asked = queue(self, "Hooks", visibility=WORKER_VISIBILITY, receives=WORKER_RECEIVES)

        app = self._function(
            "App",
            "Takes the database's webhooks",
            {
                "HOOKS_QUEUE_URL": asked.queue.queue_url,
                "HOOKS_SECRET_NAME": hooks.secret_name,
            },
            APP_TIMEOUT,
            # A share of the processor goes with it: the first answer after a pause must come in time too.
            memory_mb=1024,
        )
        app.add_to_role_policy(iam.send(asked.queue))
        app.add_to_role_policy(iam.read_secret(self, hooks.secret_name))
        apigw.HttpRoute(
            self,
            "Route",
            http_api=api,
            route_key=apigw.HttpRouteKey.with_(PATH, apigw.HttpMethod.POST),
            integration=integrations.HttpLambdaIntegration("Integration", app),
            # What comes here is signed; the database has no user's token.
            authorizer=apigw.HttpNoneAuthorizer(),
        )

        worker = self._function(
            "Worker",
            "Accepts the analyses that the database asks for",
            worker_variables(
                results.variables(),
                hooks_queue_url=asked.queue.queue_url,
                hooks_dead_letters_url=asked.dead_letters.queue_url,
            ),
            WORKER_TIMEOUT,
            memory_mb=2048,
            reserved=settings.consumers.reserved_concurrency,
        )
        for statement in (
            iam.rows(storage.reports, "DeleteItem", "GetItem", "PutItem", "UpdateItem"),
            iam.objects(storage.images, ("photos",), "PutObject", "DeleteObject"),
            iam.objects(storage.images, ("uploads",), "GetObject", "DeleteObject"),
            iam.through_s3(storage.key, settings.region, "Decrypt", "GenerateDataKey"),
            iam.send(results.jobs.queue),
            iam.send(asked.dead_letters),
        ):
            worker.add_to_role_policy(statement)
        consume(worker, asked.queue, settings.consumers, batch=1)

        publish(self, settings.name, "HooksQueue", asked.queue.queue_url, "Queue of what the database asks")
        url = asked.dead_letters.queue_url
        publish(self, settings.name, "HooksDeadLetters", url, "What was set aside of what the database asks")

    def _function(
        self,
        name: str,
        description: str,
        variables: dict[str, str],
        timeout: cdk.Duration,
        memory_mb: int,
        reserved: int | None = None,
    ) -> lambda_.Function:
        return python_function(
            self,
            name,
            description=description,
            code=self._code,
            handler=f"services.hooks.{name.lower()}.handle",
            variables=variables,
            memory_mb=memory_mb,
            timeout=timeout,
            log_days=self._settings.log_retention_days,
            reserved=reserved,
        )
